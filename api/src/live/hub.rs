//! Who watches what, and the one connection that listens for all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, Weak};
use std::time::Duration;

use shared::db::Pool;
use shared::ids::UserId;
use shared::live::{Ear, Topic};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How long after a failure it is tried again to listen.
const AGAIN: Duration = Duration::from_secs(1);

/// How streams are limited.
#[derive(Debug, Clone, Copy)]
pub struct LiveSettings {
    /// Open at once for one person, in this process.
    pub streams_per_user: usize,
    /// How often a stream asks whether its session still is good.
    pub recheck: Duration,
}

/// All streams of this process. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Live(Arc<Hub>);

#[derive(Debug)]
struct Hub {
    pool: Pool,
    settings: LiveSettings,
    listening: Once,
    closing: CancellationToken,
    watches: Mutex<Watches>,
}

#[derive(Debug, Default)]
struct Watches {
    by_topic: HashMap<Topic, Vec<Arc<Notify>>>,
    by_user: HashMap<UserId, usize>,
}

/// This person has as many streams open as one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many streams are open")]
pub struct TooManyStreams;

/// Somebody watches something, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    hub: Arc<Hub>,
    user: UserId,
    topics: [(Topic, Arc<Notify>); 2],
}

impl Live {
    /// Nothing is connected until somebody watches.
    pub fn new(pool: Pool, settings: LiveSettings) -> Self {
        Self(Arc::new(Hub {
            pool,
            settings,
            listening: Once::new(),
            closing: CancellationToken::new(),
            watches: Mutex::default(),
        }))
    }

    /// How streams are limited.
    pub fn settings(&self) -> LiveSettings {
        self.0.settings
    }

    /// Lets `user` watch `topic`, and `session` for its end.
    ///
    /// # Errors
    /// They have as many streams as they may.
    pub fn watch(&self, user: UserId, topic: Topic, session: Topic) -> Result<Watch, TooManyStreams> {
        let topics = [(topic, Arc::default()), (session, Arc::default())];
        {
            let mut watches = self.0.watches();
            let open = watches.by_user.entry(user).or_insert(0);
            if *open >= self.0.settings.streams_per_user {
                return Err(TooManyStreams);
            }
            *open += 1;
            for (topic, notify) in &topics {
                watches.by_topic.entry(*topic).or_default().push(Arc::clone(notify));
            }
        }
        metrics::gauge!("live_streams").increment(1.0);
        self.0.listening.call_once(|| {
            tokio::spawn(listen(Arc::downgrade(&self.0), self.0.pool.clone(), self.0.closing.clone()));
        });
        Ok(Watch { hub: Arc::clone(&self.0), user, topics })
    }

    /// Ends all streams: the process is about to stop, and clients go on elsewhere.
    pub fn close(&self) {
        self.0.closing.cancel();
    }
}

impl Hub {
    fn watches(&self) -> MutexGuard<'_, Watches> {
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self, topic: Topic) {
        for watcher in self.watches().by_topic.get(&topic).into_iter().flatten() {
            watcher.notify_one();
        }
    }

    fn wake_all(&self) {
        for watcher in self.watches().by_topic.values().flatten() {
            watcher.notify_one();
        }
    }
}

impl Watch {
    /// Until there is something to look at. Much that happens at once is one thing to look at.
    pub async fn changed(&self) {
        self.topics[0].1.notified().await;
    }

    /// Until the session may have ended.
    pub async fn session_ended(&self) {
        self.topics[1].1.notified().await;
    }

    /// Until the process is about to stop.
    pub async fn closing(&self) {
        self.hub.closing.cancelled().await;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        metrics::gauge!("live_streams").decrement(1.0);
        let mut watches = self.hub.watches();
        for (topic, notify) in &self.topics {
            if let Some(watchers) = watches.by_topic.get_mut(topic) {
                watchers.retain(|watcher| !Arc::ptr_eq(watcher, notify));
                if watchers.is_empty() {
                    watches.by_topic.remove(topic);
                }
            }
        }
        if let Some(open) = watches.by_user.get_mut(&self.user) {
            *open -= 1;
            if *open == 0 {
                watches.by_user.remove(&self.user);
            }
        }
    }
}

/// Listens as long as there is a hub, over as many connections as that takes.
async fn listen(hub: Weak<Hub>, pool: Pool, closing: CancellationToken) {
    loop {
        let heard = tokio::select! {
            heard = hear(&hub, &pool) => heard,
            () = closing.cancelled() => return,
        };
        if hub.strong_count() == 0 {
            return;
        }
        if let Err(error) = heard {
            tracing::warn!("Nothing is heard of what changes: {error:#}");
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Wakes who watches, over one connection.
async fn hear(hub: &Weak<Hub>, pool: &Pool) -> anyhow::Result<()> {
    let mut ear = Ear::open(pool).await?;
    // Whatever happened while nobody listened.
    let Some(woken) = hub.upgrade() else { return Ok(()) };
    woken.wake_all();
    drop(woken);
    loop {
        let topic = ear.next().await?;
        let Some(hub) = hub.upgrade() else { return Ok(()) };
        hub.wake(topic);
    }
}

#[cfg(test)]
mod tests {
    use shared::db::PoolSettings;
    use shared::ids::{JobId, SessionId};

    use super::*;

    fn live() -> Live {
        // Never connected to: whatever listens is told of the failure, and waits.
        let pool = Pool::new(&PoolSettings::new("postgres://nobody@127.0.0.1:1/nothing")).expect("a pool");
        Live::new(pool, LiveSettings { streams_per_user: 2, recheck: Duration::from_secs(30) })
    }

    fn watch(live: &Live, user: UserId, job: JobId) -> Result<Watch, TooManyStreams> {
        live.watch(user, Topic::Job(job), Topic::Session(SessionId::new()))
    }

    #[tokio::test]
    async fn a_person_has_only_so_many_streams_at_once() {
        let (live, alice, job) = (live(), UserId::new(), JobId::new());
        let first = watch(&live, alice, job).expect("a first");
        let _second = watch(&live, alice, job).expect("a second");
        assert_eq!(watch(&live, alice, job).expect_err("a third"), TooManyStreams);
        assert!(watch(&live, UserId::new(), job).is_ok(), "others are not concerned");

        drop(first);

        assert!(watch(&live, alice, job).is_ok(), "one that is closed makes room");
    }

    #[tokio::test]
    async fn who_watches_is_woken_and_nobody_else() {
        let (live, job) = (live(), JobId::new());
        let watcher = watch(&live, UserId::new(), job).expect("a stream");
        let other = watch(&live, UserId::new(), JobId::new()).expect("a stream");

        live.0.wake(Topic::Job(job));
        live.0.wake(Topic::Job(job));

        watcher.changed().await;
        for silent in [&watcher, &other] {
            let woken = tokio::time::timeout(Duration::ZERO, silent.changed()).await;
            assert!(woken.is_err(), "two wakings at once are one, and the other job's are none");
        }
    }

    #[tokio::test]
    async fn nothing_is_kept_of_streams_that_are_closed() {
        let live = live();
        drop(watch(&live, UserId::new(), JobId::new()));
        let watches = live.0.watches();
        assert!(watches.by_topic.is_empty() && watches.by_user.is_empty());
    }
}
