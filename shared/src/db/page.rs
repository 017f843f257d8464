//! Pages of lists. How they look on the wire is the API's business.

use uuid::Uuid;

/// Some rows of a longer list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows, in the order that the list promises.
    pub items: Vec<T>,
    /// How many rows the whole list has.
    pub total: i64,
}

impl<T> Page<T> {
    /// A page out of `items` and the length of the whole list.
    pub fn numbered(items: Vec<T>, total: i64) -> Self {
        Self { items, total }
    }

    /// The same page with each row turned into something else.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), total: self.total }
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

/// The last row that was seen of a list ordered by an instant and, between equals, by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Keyset {
    /// Its instant.
    pub at: chrono::DateTime<chrono::Utc>,
    /// Its id.
    pub id: Uuid,
}

/// Which part of a long list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A page by its number; the whole list is counted.
    Numbered(Numbered),
    /// What comes behind a row, or the beginning. Costs the same however far down the list.
    Behind {
        /// The last row that was seen.
        last: Option<Keyset>,
        /// Rows at most.
        size: u32,
    },
}

impl Part {
    /// For SQL's `limit`. One row more than wanted, when that tells whether the list goes on.
    pub fn limit(self) -> i64 {
        match self {
            Self::Numbered(page) => page.limit(),
            Self::Behind { size, .. } => i64::from(size) + 1,
        }
    }

    /// For SQL's `offset`.
    pub fn offset(self) -> i64 {
        match self {
            Self::Numbered(page) => page.offset(),
            Self::Behind { .. } => 0,
        }
    }

    /// The last row that was seen.
    pub const fn last(self) -> Option<Keyset> {
        match self {
            Self::Numbered(_) => None,
            Self::Behind { last, .. } => last,
        }
    }
}

/// A part of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongPage<T> {
    /// The rows, in the order that the list promises.
    pub items: Vec<T>,
    /// How many rows the whole list has, where somebody has counted.
    pub total: Option<i64>,
    /// The key of the last row, when the list goes on behind it.
    pub next: Option<Keyset>,
}

impl<T> LongPage<T> {
    /// What was wanted, out of the rows that were found with [`Part::limit`].
    pub fn of(part: Part, mut items: Vec<T>, total: Option<i64>, key: impl Fn(&T) -> Keyset) -> Self {
        let size = match part {
            Part::Numbered(_) => return Self { items, total, next: None },
            Part::Behind { size, .. } => usize::try_from(size).unwrap_or(usize::MAX),
        };
        let goes_on = items.len() > size;
        items.truncate(size);
        let next = if goes_on { items.last().map(key) } else { None };
        Self { items, total: None, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_tells_whether_the_list_goes_on() {
        let key = |number: &u128| Keyset { at: chrono::DateTime::UNIX_EPOCH, id: Uuid::from_u128(*number) };
        let part = Part::Behind { last: None, size: 2 };
        assert_eq!(part.limit(), 3);
        let more = LongPage::of(part, vec![9, 8, 7], None, key);
        assert_eq!((more.items, more.next), (vec![9, 8], Some(key(&8))));
        let end = LongPage::of(part, vec![9, 8], None, key);
        assert_eq!((end.items, end.next), (vec![9, 8], None));
    }
}
