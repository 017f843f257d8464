//! Counting what was asked for and what has happened.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::{Duration, Instant};

use devtools::mail::MailSink;

use super::world::World;

/// Jobs of the tests, as far as they are to end: marks never do, and what the clock has caused is
/// nobody's order.
const OURS: &str = "(kind like 'rehearsal.%' or kind like 'users.%') and kind <> 'rehearsal.mark'";

/// What is counted at the end.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) mails_wanted: usize,
    pub(super) lost: usize,
    pub(super) phantom: usize,
    pub(super) repeated: usize,
    pub(super) most_of_one: usize,
    /// Mails that came more often than their job was begun.
    pub(super) unexplained: usize,
    pub(super) marks_missing: usize,
    pub(super) marks_doubled: usize,
    pub(super) unfinished: i64,
    pub(super) dead: i64,
    /// Jobs that a lost worker was running.
    pub(super) interrupted: i64,
}

/// What was asked for, by number.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Invited over the API: a mail each.
    pub(super) people: Range<u32>,
    /// Placed in the database: a mark and a mail each.
    pub(super) orders: Range<u32>,
    /// Placed in the database: a mail each.
    pub(super) mails: Range<u32>,
}

impl Account {
    pub(super) async fn settle(world: &World, wanted: Wanted) -> Self {
        let mut marks: BTreeMap<String, usize> = BTreeMap::new();
        for mark in world.texts("select args->>'number' from jobs where kind = 'rehearsal.mark'").await {
            *marks.entry(mark).or_default() += 1;
        }
        let Wanted { people, orders, mails } = wanted;
        let all_mails = people.map(address).chain(orders.clone().map(subject)).chain(mails.map(subject));
        Self {
            marks_missing: orders.filter(|number| !marks.contains_key(&number.to_string())).count(),
            marks_doubled: marks.values().filter(|times| **times > 1).count(),
            unfinished: unfinished(world).await,
            dead: world.ask(&format!("select count(*) from jobs where {OURS} and state = 'dead'")).await,
            interrupted: world.ask(&format!("select count(*) from jobs where {OURS} and crashes > 0")).await,
            ..Self::of_mails(&world.sink, &all_mails.collect(), &begun(world).await)
        }
    }

    fn of_mails(sink: &MailSink, wanted: &BTreeSet<String>, begun: &BTreeMap<String, usize>) -> Self {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for message in sink.messages() {
            let is_order = message.subject.starts_with("Order ");
            let key = if is_order { message.subject.clone() } else { message.to.join(" ") };
            *seen.entry(key).or_default() += 1;
        }
        Self {
            mails_wanted: wanted.len(),
            lost: wanted.iter().filter(|key| !seen.contains_key(*key)).count(),
            phantom: seen.keys().filter(|key| !wanted.contains(*key)).count(),
            repeated: seen.values().filter(|times| **times > 1).count(),
            most_of_one: seen.values().copied().max().unwrap_or_default(),
            unexplained: seen.iter().filter(|(key, times)| **times > begun.get(*key).copied().unwrap_or(0)).count(),
            ..Self::default()
        }
    }

    /// What is wrong with it, when `repeats` mails may have been sent again.
    pub(super) fn faults(&self, repeats: usize) -> Vec<String> {
        let mut faults = Vec::new();
        let mut want = |is_right: bool, what: String| {
            if !is_right {
                faults.push(what);
            }
        };
        want(self.unfinished == 0, format!("{} jobs unfinished", self.unfinished));
        want(self.dead == 0, format!("{} jobs dead", self.dead));
        want(self.lost == 0, format!("{} mails lost", self.lost));
        want(self.phantom == 0, format!("{} mails that nobody asked for", self.phantom));
        want(self.marks_doubled == 0, format!("{} effects in the database doubled", self.marks_doubled));
        want(self.marks_missing == 0, format!("{} effects in the database missing", self.marks_missing));
        want(self.unexplained == 0, format!("{} mails more often than their jobs were begun", self.unexplained));
        want(self.repeated <= repeats, format!("{} mails repeated, {repeats} may be", self.repeated));
        faults
    }

    /// All is right, and no mail was repeated.
    pub(super) fn assert_exact(&self) {
        assert_eq!(self.faults(0), Vec::<String>::new(), "{self:?}");
    }

    /// All is right, but one mail in a hundred may have been repeated.
    pub(super) fn assert_kept(&self) {
        assert_eq!(self.faults(self.mails_wanted / 100), Vec::<String>::new(), "{self:?}");
    }
}

/// How often the job of each mail was begun: each time but the last has failed, or was lost.
async fn begun(world: &World) -> BTreeMap<String, usize> {
    let lines = world
        .texts(
            "select coalesce(users.email, 'Order ' || (jobs.args->>'number')) || '=' || 1 + (
                 select count(*) from job_attempts where job_attempts.job_id = jobs.id)
             from jobs
             left join one_time_tokens on one_time_tokens.id::text = jobs.args->>'token_id'
             left join users on users.id = one_time_tokens.user_id
             where jobs.kind in ('rehearsal.mail', 'users.send_invitation')",
        )
        .await;
    let line = |line: &String| {
        let (key, times) = line.rsplit_once('=').expect("two parts");
        (key.to_owned(), times.parse().expect("a number"))
    };
    lines.iter().map(line).collect()
}

/// The address of somebody who was invited.
pub(super) fn address(number: u32) -> String {
    format!("learner{number}@example.com")
}

fn subject(number: u32) -> String {
    format!("Order {number}")
}

pub(super) async fn unfinished(world: &World) -> i64 {
    world.ask(&format!("select count(*) from jobs where {OURS} and finished_at is null")).await
}

/// Waits until all is done, or `patience` ends; returns how long that took.
pub(super) async fn calm(world: &World, patience: Duration) -> Duration {
    let begun = Instant::now();
    while unfinished(world).await > 0 && begun.elapsed() < patience {
        tokio::time::sleep(Duration::from_millis(200)).await; // between two questions
    }
    begun.elapsed()
}
