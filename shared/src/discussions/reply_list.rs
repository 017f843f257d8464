//! Replies, as their readers find them: a page of them, each with what stands below it.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Reader, Reply};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{ReplyId, TenantId, ThreadId, UserId};

/// How many replies of a branch are shown with its top one; the rest is read by `parent_reply`, as the
/// number of those right below tells.
const MOST_BELOW: usize = 50;
/// How many are shown below those of a page, in all.
const MOST_BELOW_A_PAGE: usize = 500;

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
    /// So many of each of these branches.
    roots: Option<(Vec<ReplyId>, i64)>,
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
        let mut below = below(conn, tenant, reader, &rows).await?;
        let branches = rows.into_iter().map(|row| branch(row, &mut below, reader.user)).collect();
        Ok(Page::numbered(branches, total))
    }

    /// A reply with its branch, if the reader may read its words.
    pub async fn find(conn: &mut Conn, tenant: TenantId, reader: Reader, id: ReplyId) -> Result<Option<Branch>, Error> {
        let wanted = Wanted { one: Some(id), ..Wanted::default() };
        let found = rows(conn, tenant, reader, wanted, Numbered { number: 1, size: 1 }).await?;
        let found: Vec<_> = found.into_iter().filter(|row| row.is_readable(reader.user)).collect();
        let mut below = below(conn, tenant, reader, &found).await?;
        Ok(found.into_iter().next().map(|row| branch(row, &mut below, reader.user)))
    }
}

/// What stands right below each reply, oldest first.
type Below = HashMap<ReplyId, Vec<ReplyRow>>;

/// The first that stand below the tops of the branches of `rows`. The longer the page, the fewer of
/// each branch: an answer has a bound.
async fn below(conn: &mut Conn, tenant: TenantId, reader: Reader, rows: &[ReplyRow]) -> Result<Below, Error> {
    let roots: HashSet<_> = rows.iter().map(|row| row.reply.root_id.unwrap_or(row.reply.id)).collect();
    let most = (MOST_BELOW_A_PAGE / roots.len().max(1)).clamp(1, MOST_BELOW);
    let most = i64::try_from(most).unwrap_or(1);
    let wanted = Wanted { roots: Some((roots.into_iter().collect(), most)), ..Wanted::default() };
    let mut below = Below::new();
    for row in self::rows(conn, tenant, reader, wanted, Numbered { number: 1, size: u32::MAX }).await? {
        if let Some(parent) = row.reply.parent_id {
            below.entry(parent).or_default().push(row);
        }
    }
    Ok(below)
}

/// `row` with those below it. A place without words and without anything below it is left out.
fn branch(row: ReplyRow, all: &mut Below, reader: UserId) -> Branch {
    let below = all.remove(&row.reply.id).unwrap_or_default();
    let below = below.into_iter().map(|row| branch(row, all, reader));
    let below = below.filter(|branch| branch.row.is_readable(reader) || !branch.below.is_empty()).collect();
    Branch { row, below }
}

async fn rows(
    conn: &mut Conn,
    tenant: TenantId,
    reader: Reader,
    wanted: Wanted,
    page: Numbered,
) -> Result<Vec<ReplyRow>, Error> {
    let (roots, most) = wanted.roots.map_or((None, i64::MAX), |(roots, most)| (Some(roots), most));
    diesel::sql_query(include_str!("sql/replies.sql"))
        .bind::<SqlUuid, _>(tenant.0)
        .bind::<SqlUuid, _>(reader.user)
        .bind::<Bool, _>(reader.runs_all())
        .bind::<Bool, _>(reader.runs_own())
        .bind::<Nullable<SqlUuid>, _>(wanted.one)
        .bind::<Nullable<SqlUuid>, _>(wanted.thread)
        .bind::<Nullable<SqlUuid>, _>(wanted.parent)
        .bind::<Nullable<Array<SqlUuid>>, _>(roots)
        .bind::<Bool, _>(wanted.only_top)
        .bind::<BigInt, _>(most)
        .bind::<BigInt, _>(page.limit())
        .bind::<BigInt, _>(page.offset())
        .bind::<Timestamptz, _>(reader.at)
        .load(conn)
        .await
}
