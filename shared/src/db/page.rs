//! Pages of lists. How they look on the wire is the API's business.

use uuid::Uuid;

/// Some rows of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the order that the list promises.
    pub items: Vec<T>,
    /// How many rows the whole list has.
    pub total: i64,
    /// The key of the last row, when there are more behind it.
    pub next: Option<Keyset>,
}

impl<T> Page<T> {
    /// A page out of `items` and the length of the whole list.
    pub fn numbered(items: Vec<T>, total: i64) -> Self {
        Self { items, total, next: None }
    }

    /// The same page with each row turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), total: self.total, next: self.next }
    }
}

/// A page by its number: for people who leaf through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbered {
    /// From 1.
    pub number: u32,
    /// Rows on a page, at most [`Numbered::LARGEST`].
    pub size: u32,
}

impl Numbered {
    /// Rows on a page when nobody asks for another number.
    pub const USUAL: u32 = 20;
    /// Rows on a page at most.
    pub const LARGEST: u32 = 200;

    /// For SQL's `limit`.
    pub fn limit(self) -> i64 {
        i64::from(self.size)
    }

    /// For SQL's `offset`.
    pub fn offset(self) -> i64 {
        i64::from(self.size) * i64::from(self.number.saturating_sub(1))
    }
}

impl Default for Numbered {
    fn default() -> Self {
        Self { number: 1, size: Self::USUAL }
    }
}

/// Some rows of a list that is too long, or too lively, to be numbered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch<T> {
    /// The rows, in the order that the list promises.
    pub items: Vec<T>,
    /// The key of the last row, when there are more behind it.
    pub next: Option<Keyset>,
}

impl<T> Stretch<T> {
    /// A stretch of `size` rows at most, out of rows of which one more was asked for.
    pub fn of(mut items: Vec<T>, size: u32, key: impl Fn(&T) -> Keyset) -> Self {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let has_more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| has_more).map(key);
        Self { items, next }
    }
}

/// The last row that was seen of a list ordered by an instant and, between equals, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Keyset {
    /// Its instant.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Its id.
    pub id: Uuid,
}
