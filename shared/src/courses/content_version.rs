//! What an item was after each change of its content.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::{ContentItem, ContentType, Course, CourseError};
use crate::db::schema::{content_versions, users};
use crate::db::{Conn, Error, Numbered, Page};
use crate::files::Attachment;
use crate::ids::{ContentItemId, ContentVersionId, CourseId, FileId, TenantId, UserId};
use crate::users::Person;

/// Texts that differ a lot are compared roughly after so long: the counts are for people.
const PATIENCE: Duration = Duration::from_millis(50);
/// What it is called among the fields that differ.
const FILE: &str = "file";

/// An item as it was after a change of its content. Written once.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = content_versions, treat_none_as_default_value = false)]
pub struct ContentVersion {
    pub id: ContentVersionId,
    pub tenant_id: TenantId,
    pub course_id: CourseId,
    pub content_item_id: ContentItemId,
    /// From 1.
    pub number: i32,
    pub title: String,
    pub content_type: ContentType,
    pub text_content: Option<String>,
    pub external_url: Option<String>,
    pub metadata: Value,
    pub comment: String,
    /// A list of names: what differs from the version before.
    pub changed_fields: Value,
    /// Of the text.
    pub lines_added: i32,
    pub lines_removed: i32,
    /// The number of the version that was brought back.
    pub restored_from: Option<i32>,
    pub author_id: Option<UserId>,
    pub created_at: DateTime<Utc>,
    /// Whether it was written down which file the item showed: not in the oldest versions.
    pub knows_file: bool,
    /// The file that the item showed. None when it showed none, and when the file is gone.
    pub file_id: Option<FileId>,
    /// What it was called.
    pub filename: Option<String>,
}

/// A version, as much of it as lists show: without what was in the item.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = content_versions)]
pub struct ContentVersionBrief {
    pub id: ContentVersionId,
    pub number: i32,
    pub title: String,
    pub content_type: ContentType,
    pub comment: String,
    pub changed_fields: Value,
    pub lines_added: i32,
    pub lines_removed: i32,
    pub restored_from: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub file_id: Option<FileId>,
    pub filename: Option<String>,
}

/// The file that an item shows after it was brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileThen {
    /// Whichever it shows now.
    AsNow,
    /// This one, or none.
    AsBefore(Option<FileId>),
}

/// Who changes content, and what they say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Authorship<'a> {
    /// None for somebody who is not of the tenant.
    pub author: Option<UserId>,
    pub comment: &'a str,
}

/// What differs between an item and what it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Difference {
    fields: Vec<&'static str>,
    lines_added: i32,
    lines_removed: i32,
}

impl Difference {
    fn between(before: &ContentItem, after: &ContentItem) -> Self {
        let fields = [
            ("title", before.title != after.title),
            ("content_type", before.content_type != after.content_type),
            ("text_content", before.text_content != after.text_content),
            ("external_url", before.external_url != after.external_url),
            ("metadata", before.metadata != after.metadata),
        ];
        let texts = [before, after].map(|item| item.text_content.as_deref().unwrap_or_default());
        let (lines_added, lines_removed) = if texts[0] == texts[1] { (0, 0) } else { lines_changed(texts) };
        let fields = fields.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect();
        Self { fields, lines_added, lines_removed }
    }
}

fn lines_changed([before, after]: [&str; 2]) -> (i32, i32) {
    let difference = TextDiff::configure().timeout(PATIENCE).diff_lines(before, after);
    difference.iter_all_changes().fold((0, 0), |(added, removed), change| match change.tag() {
        ChangeTag::Insert => (added + 1, removed),
        ChangeTag::Delete => (added, removed + 1),
        ChangeTag::Equal => (added, removed),
    })
}

impl ContentVersion {
    /// An item as it is now.
    fn of(item: &ContentItem, number: i32, by: Authorship<'_>, now: DateTime<Utc>) -> Self {
        Self {
            id: ContentVersionId::new(),
            tenant_id: item.tenant_id,
            course_id: item.course_id,
            content_item_id: item.id,
            number,
            title: item.title.clone(),
            content_type: item.content_type,
            text_content: item.text_content.clone(),
            external_url: item.external_url.clone(),
            metadata: item.metadata.clone(),
            comment: by.comment.to_owned(),
            changed_fields: json!([]),
            lines_added: 0,
            lines_removed: 0,
            restored_from: None,
            author_id: by.author,
            created_at: now,
            knows_file: false,
            file_id: None,
            filename: None,
        }
    }

    /// Writes it down, with the file that the item shows now.
    async fn insert(self, conn: &mut Conn) -> Result<Self, Error> {
        let file = Attachment::of(conn, self.tenant_id, self.content_item_id).await?;
        let (file_id, filename) = file.unzip();
        let version = Self { knows_file: true, file_id, filename, ..self };
        diesel::insert_into(content_versions::table).values(&version).execute(conn).await?;
        Ok(version)
    }

    /// Writes down a new item.
    pub(super) async fn first(
        conn: &mut Conn,
        item: &ContentItem,
        by: Authorship<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        Self::of(item, 1, by, now).insert(conn).await
    }

    /// Writes down a changed item, if its content has changed. The caller holds the course.
    pub(super) async fn next(
        conn: &mut Conn,
        before: &ContentItem,
        after: &ContentItem,
        by: Authorship<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let difference = Difference::between(before, after);
        if !difference.fields.is_empty() {
            let number = Self::next_number(conn, before).await?;
            Self::of(after, number, by, now).telling(difference).insert(conn).await?;
        }
        Ok(())
    }

    fn telling(self, difference: Difference) -> Self {
        let Difference { fields, lines_added, lines_removed } = difference;
        Self { changed_fields: json!(fields), lines_added, lines_removed, ..self }
    }

    /// The number of an item's next version. One that has none yet gets its first: what it was
    /// before the change.
    async fn next_number(conn: &mut Conn, before: &ContentItem) -> Result<i32, Error> {
        let last = content_versions::table
            .filter(content_versions::tenant_id.eq(before.tenant_id))
            .filter(content_versions::content_item_id.eq(before.id))
            .select(max(content_versions::number))
            .first::<Option<i32>>(conn)
            .await?;
        if let Some(last) = last {
            return Ok(last.saturating_add(1));
        }
        Self::first(conn, before, Authorship::default(), before.updated_at).await?;
        Ok(2)
    }

    /// Gives the present state of an item a version of its own, to be found again by its comment.
    pub async fn keep(
        conn: &mut Conn,
        item: &ContentItem,
        by: Authorship<'_>,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        conn.transaction(async |conn| {
            Course::lock(conn, item.tenant_id, item.course_id).await?.ok_or(CourseError::Gone)?;
            let item = ContentItem::reload(conn, item).await?.ok_or(CourseError::Gone)?;
            let number = Self::next_number(conn, &item).await?;
            Ok(Self::of(&item, number, by, now).insert(conn).await?)
        })
        .await
    }

    /// Gives the item this file, or takes its file away, by a new version. [`CourseError::File`] when
    /// the tenant has no such file.
    pub async fn attach(
        conn: &mut Conn,
        item: &ContentItem,
        file: Option<FileId>,
        by: Authorship<'_>,
        now: DateTime<Utc>,
    ) -> Result<(), CourseError> {
        conn.transaction(async |conn| {
            Course::lock(conn, item.tenant_id, item.course_id).await?.ok_or(CourseError::Gone)?;
            let item = ContentItem::reload(conn, item).await?.ok_or(CourseError::Gone)?;
            if Self::shows(conn, &item, file).await? {
                return Ok(());
            }
            // Asked for first: it may have to write down what was.
            let number = Self::next_number(conn, &item).await?;
            Attachment::set(conn, item.tenant_id, item.id, file).await?;
            let difference = Difference { fields: vec![FILE], ..Difference::default() };
            Self::of(&item, number, by, now).telling(difference).insert(conn).await?;
            Ok(())
        })
        .await
    }

    /// Whether this is the file that the item shows now, or that it shows none.
    async fn shows(conn: &mut Conn, item: &ContentItem, file: Option<FileId>) -> Result<bool, Error> {
        let now = Attachment::of(conn, item.tenant_id, item.id).await?;
        Ok(now.map(|(id, _)| id) == file)
    }

    /// Brings the item's content back to what it was in this version, by a new version.
    pub async fn restore(
        &self,
        conn: &mut Conn,
        item: &ContentItem,
        file: FileThen,
        seen: Option<i32>,
        by: Authorship<'_>,
        now: DateTime<Utc>,
    ) -> Result<ContentItem, CourseError> {
        conn.transaction(async |conn| {
            Course::lock(conn, item.tenant_id, item.course_id).await?.ok_or(CourseError::Gone)?;
            let before = ContentItem::reload(conn, item).await?.ok_or(CourseError::Gone)?;
            if seen.is_some_and(|seen| seen != before.version) {
                return Err(CourseError::Changed);
            }
            let restored = ContentItem {
                title: self.title.clone(),
                content_type: self.content_type,
                text_content: self.text_content.clone(),
                external_url: self.external_url.clone(),
                metadata: self.metadata.clone(),
                ..before.clone()
            };
            restored.check()?;
            let after = restored.write(conn, now).await?;
            let number = Self::next_number(conn, &before).await?;
            let mut difference = Difference::between(&before, &after);
            if let FileThen::AsBefore(file) = file
                && !Self::shows(conn, item, file).await?
            {
                Attachment::set(conn, item.tenant_id, item.id, file).await?;
                difference.fields.push(FILE);
            }
            let version = Self::of(&after, number, by, now).telling(difference);
            Self { restored_from: Some(self.number), ..version }.insert(conn).await?;
            Ok(after)
        })
        .await
    }

    /// A version of this item, and who made it.
    pub async fn find(
        conn: &mut Conn,
        item: &ContentItem,
        id: ContentVersionId,
    ) -> Result<Option<(Self, Option<Person>)>, Error> {
        content_versions::table
            .left_join(users::table)
            .filter(content_versions::tenant_id.eq(item.tenant_id))
            .filter(content_versions::content_item_id.eq(item.id))
            .filter(content_versions::id.eq(id))
            .select((Self::as_select(), Option::<Person>::as_select()))
            .first(conn)
            .await
            .optional()
    }

    /// The versions of an item and who made them, newest first.
    pub async fn list(
        conn: &mut Conn,
        item: &ContentItem,
        page: Numbered,
    ) -> Result<Page<(ContentVersionBrief, Option<Person>)>, Error> {
        let of_item = || {
            content_versions::table
                .filter(content_versions::tenant_id.eq(item.tenant_id))
                .filter(content_versions::course_id.eq(item.course_id))
                .filter(content_versions::content_item_id.eq(item.id))
        };
        let found = of_item()
            .left_join(users::table)
            .order(content_versions::number.desc())
            .limit(page.limit())
            .offset(page.offset())
            .select((ContentVersionBrief::as_select(), Option::<Person>::as_select()))
            .load(conn)
            .await?;
        let total = of_item().count().get_result(conn).await?;
        Ok(Page::numbered(found, total))
    }
}

#[cfg(test)]
mod tests {
    use super::lines_changed;

    #[test]
    fn lines_are_counted_that_came_and_went() {
        for (before, after, counted) in [
            ("", "a\nb\n", (2, 0)),
            ("a\nb\nc\n", "a\nc\n", (0, 1)),
            ("a\nb\nc\n", "a\nB\nc\nd\n", (2, 1)),
            ("a", "a\n", (1, 1)),
        ] {
            assert_eq!(lines_changed([before, after]), counted, "{before:?} {after:?}");
        }
        let (long, other) = ("a\nb\n".repeat(60_000), "b\nc\na\n".repeat(40_000));
        let (added, removed) = lines_changed([&long, &other]);
        assert!(added > 0 && removed > 0, "what is too long is counted roughly, and soon");
    }
}
