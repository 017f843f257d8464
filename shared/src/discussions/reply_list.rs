//! Replies, as their readers find them: a page of them, each with what stands below it.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Reader, Reply};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{ReplyId, TenantId, ThreadId, UserId};

/// How many replies of a branch are shown with its top one; the rest is read by `parent`.
const MOST_BELOW: i64 = 50;

/// A reply as its reader sees it.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct ReplyRow {
    #[diesel(embed)]
    pub reply: Reply,
    /// The author's.
    #[diesel(sql_type = Text)]
    pub first_name: String,
    /// The author's.
    #[diesel(sql_type = Text)]
    pub last_name: String,
    /// The author's.
    #[diesel(sql_type = Nullable<Text>)]
    pub avatar_url: Option<String>,
    #[diesel(sql_type = BigInt)]
    pub like_count: i64,
    /// Those right below it that everybody sees.
    #[diesel(sql_type = BigInt)]
    pub child_count: i64,
    /// By the reader.
    #[diesel(sql_type = Bool)]
    pub is_liked: bool,
    /// Whether the reader moderates it.
    #[diesel(sql_type = Bool)]
    pub runs: bool,
    /// How many replies the whole list has.
    #[diesel(sql_type = BigInt)]
    total: i64,
}

impl ReplyRow {
    /// Whether the reader sees its words, and not only its place.
    pub fn is_readable(&self, reader: UserId) -> bool {
        let Reply { deleted_at, is_hidden, author_id, .. } = &self.reply;
        deleted_at.is_none() && (!is_hidden || self.runs || *author_id == reader)
    }
}

/// A reply with those below it, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Branch {
    pub row: ReplyRow,
    pub below: Vec<Branch>,
}

/// Which replies are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepliesWanted {
    /// Those that answer this thread itself.
    To(ThreadId),
    /// Those that answer this reply.
    Below(ReplyId),
    /// Those that answer any thread.
    Any,
}

/// What the query is asked for.
#[derive(Default)]
struct Wanted {
    one: Option<ReplyId>,
    thread: Option<ThreadId>,
    parent: Option<ReplyId>,
    roots: Option<Vec<ReplyId>>,
    only_top: bool,
}

impl Reply {
    /// The replies that the reader may read, oldest first, each with its branch, in two queries.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        reader: Reader,
        wanted: RepliesWanted,
        page: Numbered,
    ) -> Result<Page<Branch>, Error> {
        let asked = || match wanted {
            RepliesWanted::To(thread) => Wanted { thread: Some(thread), only_top: true, ..Wanted::default() },
            RepliesWanted::Below(reply) => Wanted { parent: Some(reply), ..Wanted::default() },
            RepliesWanted::Any => Wanted { only_top: true, ..Wanted::default() },
        };
        let rows = rows(conn, tenant, reader, asked(), page).await?;
        let total = match rows.as_slice().first() {
            Some(row) => row.total,
            None if page.number == 1 => 0,
            None => {
                let first = self::rows(conn, tenant, reader, asked(), Numbered { number: 1, size: 1 }).await?;
                first.as_slice().first().map_or(0, |row| row.total)
            }
        };
        let below = below(conn, tenant, reader, &rows).await?;
        let branches = rows.into_iter().map(|row| branch(row, &below, reader.user)).collect();
        Ok(Page::numbered(branches, total))
    }

    /// A reply with its branch, if the reader may read its words.
    pub async fn find(conn: &mut Conn, tenant: TenantId, reader: Reader, id: ReplyId) -> Result<Option<Branch>, Error> {
        let wanted = Wanted { one: Some(id), ..Wanted::default() };
        let found = rows(conn, tenant, reader, wanted, Numbered { number: 1, size: 1 }).await?;
        let found: Vec<_> = found.into_iter().filter(|row| row.is_readable(reader.user)).collect();
        let below = below(conn, tenant, reader, &found).await?;
        Ok(found.into_iter().next().map(|row| branch(row, &below, reader.user)))
    }
}

/// All that stands below the tops of the branches of `rows`, oldest first.
async fn below(conn: &mut Conn, tenant: TenantId, reader: Reader, rows: &[ReplyRow]) -> Result<Vec<ReplyRow>, Error> {
    let roots = rows.iter().map(|row| row.reply.root_id.unwrap_or(row.reply.id)).collect();
    let wanted = Wanted { roots: Some(roots), ..Wanted::default() };
    self::rows(conn, tenant, reader, wanted, Numbered { number: 1, size: u32::MAX }).await
}

/// `row` with those below it. A place without words and without anything below it is left out.
fn branch(row: ReplyRow, all: &[ReplyRow], reader: UserId) -> Branch {
    let below = all
        .iter()
        .filter(|other| other.reply.parent_id == Some(row.reply.id))
        .map(|other| branch(other.clone(), all, reader))
        .filter(|branch| branch.row.is_readable(reader) || !branch.below.is_empty())
        .collect();
    Branch { row, below }
}

async fn rows(
    conn: &mut Conn,
    tenant: TenantId,
    reader: Reader,
    wanted: Wanted,
    page: Numbered,
) -> Result<Vec<ReplyRow>, Error> {
    let most = if wanted.roots.is_some() { MOST_BELOW } else { i64::MAX };
    diesel::sql_query(include_str!("sql/replies.sql"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(reader.user)
        .bind::<Bool, _>(reader.runs_all())
        .bind::<Bool, _>(reader.runs_own())
        .bind::<Nullable<SqlUuid>, _>(wanted.one)
        .bind::<Nullable<SqlUuid>, _>(wanted.thread)
        .bind::<Nullable<SqlUuid>, _>(wanted.parent)
        .bind::<Nullable<Array<SqlUuid>>, _>(wanted.roots)
        .bind::<Bool, _>(wanted.only_top)
        .bind::<BigInt, _>(most)
        .bind::<BigInt, _>(page.limit())
        .bind::<BigInt, _>(page.offset())
        .bind::<Timestamptz, _>(reader.at)
        .load(conn)
        .await
}
