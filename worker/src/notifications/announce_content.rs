//! Telling learners what is new in their courses.

use shared::courses::jobs::ContentPublished;
use shared::courses::{ContentNews, Course, NewsTurn};
use shared::db::Conn;
use shared::jobs::enqueue;
use shared::notifications::{News, Notice, notify_all};

use crate::context::Ctx;
use crate::registry::{Failure, Outcome};

/// How many are looked at in one turn, and so in one transaction.
const TURN: usize = 500;
/// How many items are named; the others are counted.
const NAMED: usize = 3;

/// Exactly once: who is told and the turn after this one are committed with the job's outcome, and an
/// hour of a course is told to a person once.
pub async fn announce(conn: &mut Conn, ctx: &Ctx, job: ContentPublished) -> Outcome {
    if ctx.now() < job.due_at() {
        // Started by hand, or by a clock that is ahead.
        return Err(Failure::Snooze((job.due_at() - ctx.now()).to_std().unwrap_or_default()));
    }
    let Some(news) = ContentNews::find(conn, ctx.tenant(), job.course_id, job.hour).await? else {
        return Ok(()); // Taken back meanwhile, or the course was closed.
    };
    let NewsTurn { told, next } = news.turn(conn, job.after, TURN, ctx.now()).await?;
    let course = &news.course;
    for (titles, people) in told {
        let news = News {
            tenant: ctx.tenant(),
            recipients: &people,
            notice: &notice(course, &titles),
            dedupe_key: &format!("content_published:{}:{}", job.course_id, job.hour.timestamp()),
            announcement: None,
        };
        notify_all(conn, &news, ctx.now()).await?;
    }
    if let Some(last) = next {
        enqueue(conn, &ContentPublished { after: Some(last), ..job }).await?;
    }
    Ok(())
}

fn notice(course: &Course, titles: &[&str]) -> Notice {
    Notice::NewContentAvailable {
        course_title: course.title.clone(),
        course_slug: course.slug.clone(),
        titles: titles.iter().take(NAMED).map(|&title| title.to_owned()).collect(),
        more: titles.len().saturating_sub(NAMED),
    }
}
