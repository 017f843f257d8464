//! Telling those who follow a discussion that somebody has replied.

use shared::db::Conn;
use shared::discussions::ReplyNews;
use shared::discussions::jobs::ReplyPosted;
use shared::jobs::enqueue;
use shared::notifications::{News, Notice, notify_all};

use crate::context::Ctx;
use crate::registry::Outcome;

/// How many are told in one turn, and so in one transaction.
const TURN: usize = 500;
/// How much of a reply is shown before it is opened.
const BEGINNING: usize = 200;

/// Exactly once: who is told and the turn after this one are committed with the job's outcome.
pub async fn announce(conn: &mut Conn, ctx: &Ctx, job: ReplyPosted) -> Outcome {
    let Some(news) = ReplyNews::find(conn, ctx.tenant(), job.reply_id).await? else {
        return Ok(()); // Deleted or hidden meanwhile: no one is told.
    };
    let followers = news.audience(conn, job.after, TURN, ctx.now()).await?;
    let notice = Notice::DiscussionReply {
        author_name: news.author.full_name(),
        beginning: beginning(&news.reply.content),
        thread_title: news.thread.title,
        thread: news.thread.id,
        course_title: news.course_title,
        course_slug: news.course_slug,
    };
    let told = News {
        tenant: ctx.tenant(),
        recipients: &followers,
        notice: &notice,
        dedupe_key: &format!("discussion_reply:{}", job.reply_id),
        announcement: None,
    };
    notify_all(conn, &told, ctx.now()).await?;
    if let (TURN, Some(last)) = (followers.len(), followers.last()) {
        enqueue(conn, &ReplyPosted { after: Some(*last), ..job }).await?;
    }
    Ok(())
}

/// The first words, in one line.
fn beginning(content: &str) -> String {
    let words = content.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= BEGINNING {
        return words;
    }
    let kept: String = words.chars().take(BEGINNING).collect();
    format!("{}…", kept.trim_end())
}
