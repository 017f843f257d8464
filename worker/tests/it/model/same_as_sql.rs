//! The ledger's statements do what the model says: the same walks through both.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use proptest::prelude::*;
use shared::ids::TenantId;
use shared::jobs::effects::{self, Happened, Policy};
use shared::jobs::ledger::{self, Claim, Held, Verdict};
use shared::jobs::operate::{self, Filter};
use shared::jobs::{JobState, Queue, Ticket, enqueue, relay};
use shared::testing::TestDb;
use shared::testing::job_model::JobModel;

use crate::support::{Try, show};

const LEASE: Duration = Duration::from_secs(30);
const LATER: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone, Copy)]
enum Step {
    Dispatch,
    CallBack,
    Claim(usize),
    Renew(usize),
    Succeed(usize),
    Fail(usize, Verdict),
    Release(usize),
    Die(usize),
    Permit(usize),
    Complete,
    Sweep,
    LeaseOver,
    Due,
    Cancel,
    Replay,
}

fn step() -> impl Strategy<Value = Step> {
    let worker = 0_usize..3;
    let verdict = prop_oneof![
        Just(Verdict::Retry(LATER)),
        Just(Verdict::Retry(Duration::ZERO)),
        Just(Verdict::Defer(LATER)),
        Just(Verdict::Wait(LATER)),
        Just(Verdict::PutBack(Duration::ZERO)),
        Just(Verdict::Dead),
        Just(Verdict::Cancelled),
    ];
    prop_oneof![
        4 => Just(Step::Dispatch),
        1 => Just(Step::CallBack),
        6 => worker.clone().prop_map(Step::Claim),
        2 => worker.clone().prop_map(Step::Renew),
        1 => worker.clone().prop_map(Step::Succeed),
        3 => (worker.clone(), verdict).prop_map(|(worker, verdict)| Step::Fail(worker, verdict)),
        1 => worker.clone().prop_map(Step::Release),
        1 => worker.clone().prop_map(Step::Die),
        2 => worker.prop_map(Step::Permit),
        1 => Just(Step::Complete),
        2 => Just(Step::Sweep),
        2 => Just(Step::LeaseOver),
        3 => Just(Step::Due),
        1 => Just(Step::Cancel),
        1 => Just(Step::Replay),
    ]
}

/// One job in both worlds.
struct Walk<'a> {
    db: &'a TestDb,
    ticket: Ticket,
    model: JobModel,
    /// What each worker believes to hold: the real claim, and the model's token.
    workers: [Option<(Claim, u8)>; 3],
}

impl<'a> Walk<'a> {
    async fn begin(db: &'a TestDb) -> Self {
        let tenant = TenantId::new();
        db.owner().await.batch_execute("delete from jobs; delete from job_effects").await.expect("emptied");
        let job = enqueue(&mut *db.tenant(tenant).await, &Try::in_tenant(tenant)).await.expect("enqueued").id();
        Self { db, ticket: Ticket { job, tenant }, model: JobModel::default(), workers: [None, None, None] }
    }

    async fn behind_the_curtain(&self, statement: &str) {
        self.db.owner().await.batch_execute(statement).await.expect("done");
    }

    /// Takes the step in both; what each answers, in words.
    async fn take(&mut self, step: Step) -> (String, String) {
        match step {
            Step::Claim(worker) => self.claim(worker).await,
            Step::Die(worker) => {
                self.workers[worker] = None;
                same()
            }
            Step::Renew(worker)
            | Step::Succeed(worker)
            | Step::Fail(worker, _)
            | Step::Release(worker)
            | Step::Permit(worker) => match self.workers[worker].clone() {
                Some((claim, token)) => self.with_claim(step, worker, &claim, token).await,
                None => same(),
            },
            _ => self.without_claim(step).await,
        }
    }

    async fn claim(&mut self, worker: usize) -> (String, String) {
        if self.workers[worker].is_some() {
            return same();
        }
        let mut conn = self.db.tenant(self.ticket.tenant).await;
        let real = ledger::claim(&mut conn, self.ticket, "w", LEASE).await.expect("an answer");
        let model = self.model.claim();
        let answers = (said(real.is_some()), said(model.is_some()));
        self.workers[worker] = real.zip(model);
        answers
    }

    async fn with_claim(&mut self, step: Step, worker: usize, claim: &Claim, token: u8) -> (String, String) {
        let held = [Held { id: claim.id, token: claim.token, lease: LEASE }];
        let mut conn = self.db.tenant(self.ticket.tenant).await;
        let mut relay = self.db.relay().await;
        match step {
            Step::Renew(_) => {
                let real = ledger::renew(&mut relay, &held).await.expect("an answer");
                (said(real.first().map(|kept| kept.is_cancel_requested)), said(self.model.renew(token)))
            }
            Step::Succeed(_) => {
                self.workers[worker] = None;
                let real = ledger::succeed(&mut conn, claim, None).await.expect("an answer");
                (said(real), said(self.model.succeed(token)))
            }
            Step::Fail(_, verdict) => {
                self.workers[worker] = None;
                let real = ledger::fail(&mut conn, claim, verdict, "x", "x").await.expect("an answer");
                (said(real), said(self.model.fail(token, verdict)))
            }
            Step::Release(_) => {
                self.workers[worker] = None;
                let real = ledger::release(&mut relay, &held).await.expect("an answer");
                (said(real == 1), said(self.model.release(token)))
            }
            _ => {
                let real =
                    effects::permit(&mut conn, claim, "effect", Policy::AtMostOnce, LEASE).await.expect("an answer");
                (said(real), said(self.model.permit(token)))
            }
        }
    }

    async fn without_claim(&mut self, step: Step) -> (String, String) {
        let mut relay = self.db.relay().await;
        match step {
            Step::Dispatch => {
                let real = relay::take(&mut relay, Queue::Within5s, 10, 10).await.expect("an answer");
                (said(real.len() == 1), said(self.model.dispatch()))
            }
            Step::CallBack => {
                operate::pause(&mut relay, Queue::Within5s).await.expect("held");
                operate::resume(&mut relay, Queue::Within5s).await.expect("open");
                self.model.call_back();
                same()
            }
            Step::Complete => {
                let (tenant, job) = (self.ticket.tenant, self.ticket.job);
                let happened = Happened { key: "effect".to_owned(), tenant, job, external_ref: None };
                effects::complete(&mut *self.db.relay().await, &[happened]).await.expect("noted");
                self.model.complete();
                same()
            }
            Step::Sweep => {
                // After a second loss it waits for seconds, which may be over before the next step: by the
                // same `now()` they are made an hour.
                ledger::begin(&mut relay).await.expect("begun");
                let real = relay::sweep(&mut relay).await.expect("swept");
                let later = "update jobs set run_at = run_at + interval '1 hour' where run_at > now()";
                relay.batch_execute(later).await.expect("later");
                ledger::commit(&mut relay).await.expect("done");
                let before = self.model.state;
                self.model.sweep();
                let is_revived = before == JobState::Running && self.model.state == JobState::Available;
                (said(real.revived == 1), said(is_revived))
            }
            Step::LeaseOver => {
                self.behind_the_curtain(
                    "update jobs set lease_until = now() - interval '1 second' where state = 'running'",
                )
                .await;
                self.model.is_lease_over |= self.model.state == JobState::Running;
                same()
            }
            Step::Due => {
                self.behind_the_curtain("update jobs set run_at = now()").await;
                self.model.is_due = true;
                same()
            }
            Step::Cancel => {
                let real = operate::cancel(&mut relay, self.ticket.job).await.expect("an answer");
                (said(real), said(self.model.cancel()))
            }
            _ => {
                let real = operate::replay(&mut relay, &Filter::default(), &[], 10).await.expect("an answer");
                (said(real.len() == 1), said(self.model.replay()))
            }
        }
    }

    /// What can be seen of each: state, counters, and time where it matters.
    async fn seen(&self) -> (String, String) {
        let row = show(self.db, self.ticket.job).await.0;
        let model = &self.model;
        let real = (row.state, row.attempt, row.crashes, row.deferrals);
        let expected = (model.state, i32::from(model.attempt), i32::from(model.crashes), i32::from(model.deferrals));
        let (real_time, expected_time) = match row.state {
            JobState::Available => (row.run_at <= chrono::Utc::now(), model.is_due),
            JobState::Running => (row.lease_until.is_none_or(|until| until < chrono::Utc::now()), model.is_lease_over),
            _ => (true, true),
        };
        (format!("{real:?} {real_time}"), format!("{expected:?} {expected_time}"))
    }
}

fn said(answer: impl std::fmt::Debug) -> String {
    format!("{answer:?}")
}

fn same() -> (String, String) {
    (String::new(), String::new())
}

#[test]
fn the_statements_do_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let db = runtime.block_on(TestDb::lease());
    let config = ProptestConfig { cases: 40, max_shrink_iters: 200, ..ProptestConfig::default() };
    proptest!(config, |(steps in prop::collection::vec(step(), 1..50))| {
        runtime.block_on(async {
            let mut walk = Walk::begin(&db).await;
            for (number, step) in steps.iter().enumerate() {
                let (real, model) = walk.take(*step).await;
                prop_assert_eq!(real, model, "the answer to step {}, {:?}", number, step);
                let (real, model) = walk.seen().await;
                prop_assert_eq!(real, model, "after step {}, {:?}", number, step);
            }
            Ok(())
        })?;
    });
    // The connections end with the runtime that they live in.
    runtime.block_on(async { drop(db) });
}
