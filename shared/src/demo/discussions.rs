//! Discussions: a question in each of five courses, and what became of it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Seed;
use super::courses::Outline;
use crate::db::schema::{discussion_followers, discussion_replies, discussion_thread_likes, discussion_threads};
use crate::db::{Conn, Error};
use crate::discussions::{Reply, Thread, ThreadStatus};
use crate::ids::{ReplyId, ThreadId, UserId};

/// The title and the words of each course's question.
const QUESTIONS: [(&str, &str); 5] = [
    ("Where do I begin?", "I have never done this before. Which module should I take my time with?"),
    ("A mistake in the second lesson?", "The example does not do for me what the text says."),
    ("Looking for a study partner", "Who would like to go through the exercises together?"),
    ("How much time do you need a week?", "I would like to plan ahead."),
    ("What comes after this course?", "I want to go on with the subject. What do you recommend?"),
];

/// What a learner answers, what the instructor answers to that, and what is said last.
const ANSWERS: [&str; 3] = [
    "I had the same question. It became clear to me in the exercises.",
    "Good point: do the exercises in their order, and ask again here.",
    "Thank you, that helped.",
];

impl Seed<'_> {
    /// A thread in each of five courses, with a branch of two replies and one beside it. Returns
    /// how many threads and replies.
    pub(super) async fn discussions(&self, conn: &mut Conn, outline: &Outline) -> Result<(usize, usize), Error> {
        let learners: Vec<UserId> = self.learners().into_iter().map(|(id, _)| id).collect();
        let (mut threads, mut replies) = (Vec::new(), Vec::new());
        for (index, (course, (title, content))) in outline.courses.iter().zip(QUESTIONS).enumerate() {
            // As the past has it: these two have completed this course.
            let others = index + outline.courses.len();
            let (Some(asks), Some(answers)) = (learners.get(index), learners.get(others)) else { continue };
            let at = self.days_ago(12 - index);
            let thread = Thread {
                id: ThreadId(self.id(&format!("thread {}", course.slug))),
                tenant_id: self.tenant,
                course_id: course.id,
                module_id: None,
                content_item_id: None,
                author_id: *asks,
                title: title.to_owned(),
                content: content.to_owned(),
                status: ThreadStatus::Active,
                is_pinned: index == 0,
                is_announcement: false,
                is_hidden: false,
                hidden_reason: String::new(),
                last_activity_at: self.days_ago(9 - index),
                edited_at: None,
                deleted_at: None,
                created_at: at,
                updated_at: at,
                version: 1,
            };
            replies.extend(self.replies(&thread, [*answers, self.instructor(index), *asks], index));
            threads.push(thread);
        }
        diesel::insert_into(discussion_threads::table).values(&threads).execute(conn).await?;
        diesel::insert_into(discussion_replies::table).values(&replies).execute(conn).await?;
        self.follow(conn, &threads, &replies).await?;
        Ok((threads.len(), replies.len()))
    }

    fn replies(&self, thread: &Thread, [learner, instructor, asks]: [UserId; 3], index: usize) -> [Reply; 3] {
        let id = |number: usize| ReplyId(self.id(&format!("reply {number} {}", thread.id)));
        let reply = |number: usize, author: UserId, parent: Option<ReplyId>| Reply {
            id: id(number),
            tenant_id: self.tenant,
            thread_id: thread.id,
            parent_id: parent,
            root_id: parent,
            depth: i16::from(parent.is_some()),
            author_id: author,
            content: ANSWERS.get(number).copied().unwrap_or_default().to_owned(),
            is_hidden: false,
            hidden_reason: String::new(),
            edited_at: None,
            deleted_at: None,
            created_at: self.days_ago(11 - index - number),
            updated_at: self.days_ago(11 - index - number),
            version: 1,
        };
        [reply(0, learner, None), reply(1, instructor, Some(id(0))), reply(2, asks, None)]
    }

    /// Who writes follows, and the first to answer likes the question.
    async fn follow(&self, conn: &mut Conn, threads: &[Thread], replies: &[Reply]) -> Result<(), Error> {
        let writers = threads.iter().map(|thread| (thread.id, thread.author_id));
        let writers = writers.chain(replies.iter().map(|reply| (reply.thread_id, reply.author_id)));
        let followers: Vec<_> = writers
            .map(|(thread, user)| {
                (
                    discussion_followers::tenant_id.eq(self.tenant),
                    discussion_followers::thread_id.eq(thread),
                    discussion_followers::user_id.eq(user),
                    discussion_followers::created_at.eq(self.today),
                )
            })
            .collect();
        let follow = diesel::insert_into(discussion_followers::table).values(followers).on_conflict_do_nothing();
        follow.execute(conn).await?;
        let likes: Vec<_> = replies
            .iter()
            .step_by(ANSWERS.len())
            .map(|reply| {
                (
                    discussion_thread_likes::tenant_id.eq(self.tenant),
                    discussion_thread_likes::thread_id.eq(reply.thread_id),
                    discussion_thread_likes::user_id.eq(reply.author_id),
                    discussion_thread_likes::created_at.eq(self.today),
                )
            })
            .collect();
        diesel::insert_into(discussion_thread_likes::table).values(likes).execute(conn).await?;
        Ok(())
    }
}
