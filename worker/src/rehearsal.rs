//! Kinds of job that tests and drills ask for, to see the machine hold on the very binary that is
//! released. Registered only when `LMS_TEST_JOBS` is set, which production refuses.

use std::time::Duration;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use shared::db::Conn;
use shared::ids::TenantId;
use shared::jobs::{Backoff, Job, JobOptions, Queue, enqueue, enqueue_with};

use crate::context::Ctx;
use crate::registry::{Outcome, Registry};
use shared::mail::RenderedMail;

macro_rules! rehearsal {
    ($(#[$doc:meta])* $name:ident = $text:literal in $queue:ident { $($field:ident: $ty:ty),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            /// In which tenant.
            pub tenant: TenantId,
            $(#[doc = stringify!($field)] pub $field: $ty,)*
        }

        impl Job for $name {
            const NAME: &'static str = $text;
            const QUEUE: Queue = Queue::$queue;
            const MAX_ATTEMPTS: i32 = 20;
            const BACKOFF: Backoff = Backoff::exponential(1, 4);

            fn tenant(&self) -> TenantId {
                self.tenant
            }
        }
    };
}

rehearsal! {
    /// Leaves a mark, and asks for a mail: like a course that is finished.
    Order = "rehearsal.order" in Within5s { number: u32, pause_ms: u64 }
}
rehearsal! {
    /// A trace of one run: it is never due, only counted.
    Mark = "rehearsal.mark" in Within1h { number: u32 }
}
rehearsal! {
    /// Speaks SMTP.
    Mail = "rehearsal.mail" in Within5s { number: u32, pause_ms: u64 }
}
rehearsal! {
    /// Kills its worker.
    Abort = "rehearsal.abort" in Within5s {}
}
rehearsal! {
    /// Takes its time.
    Sleep = "rehearsal.sleep" in Within1m { milliseconds: u64 }
}
rehearsal! {
    /// Does nothing, in the database.
    Nothing = "rehearsal.nothing" in Within1m {}
}

rehearsal! {
    /// Does nothing, and soon.
    Ping = "rehearsal.ping" in Within5s {}
}

/// Registers them.
pub fn register(registry: Registry) -> Registry {
    registry.on_db(order).on(mail).on(abort).on(sleep).on_db(nothing).on_db(ping)
}

/// Exactly once: the mark, the mail's job and the outcome are one transaction.
async fn order(conn: &mut Conn, ctx: &Ctx, job: Order) -> Outcome {
    let never = JobOptions { run_at: Some(ctx.now() + TimeDelta::days(3_650)), ..JobOptions::default() };
    enqueue_with(conn, &Mark { tenant: job.tenant, number: job.number }, never).await?;
    // Long enough for a kill to come between the effect and the outcome.
    tokio::time::sleep(Duration::from_millis(job.pause_ms)).await;
    enqueue(conn, &Mail { tenant: job.tenant, number: job.number, pause_ms: job.pause_ms }).await?;
    Ok(())
}

/// At least once: the Message-ID is the same each time, and a mail that was sent is not sent again.
async fn mail(ctx: Ctx, job: Mail) -> Outcome {
    tokio::time::sleep(Duration::from_millis(job.pause_ms)).await;
    let mailer = ctx.services().mailer.clone();
    ctx.external(&job.number.to_string(), |key| async move {
        let mail = RenderedMail {
            subject: format!("Order {}", job.number),
            text: format!("Order {}.", job.number),
            html: format!("<p>Order {}.</p>", job.number),
        };
        mailer.send(&mail, &format!("learner{}@example.com", job.number), &key).await?;
        Ok(None)
    })
    .await?;
    Ok(())
}

/// Never: that is the point.
async fn abort(_: Ctx, _: Abort) -> Outcome {
    std::process::abort()
}

/// Harmless to repeat.
async fn sleep(_: Ctx, job: Sleep) -> Outcome {
    tokio::time::sleep(Duration::from_millis(job.milliseconds)).await;
    Ok(())
}

/// Exactly once.
async fn nothing(_: &mut Conn, _: &Ctx, _: Nothing) -> Outcome {
    Ok(())
}

/// Exactly once.
async fn ping(_: &mut Conn, _: &Ctx, _: Ping) -> Outcome {
    Ok(())
}
