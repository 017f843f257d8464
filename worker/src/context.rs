//! What a handler is given.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde_json::Value;
use shared::clock::Clock;
use shared::config::PlatformConfig;
use shared::db::{Acting, Pool, Scope, ScopedConn};
use shared::ids::{JobId, TenantId, UserId};
use shared::jobs::effects::{self, Happened, Permit, Policy};
use shared::jobs::ledger::{self, Claim};
use shared::storage::Storage;
use tokio_util::sync::CancellationToken;

use crate::completions::Completions;
use crate::files::Antivirus;
use crate::lease::Hold;
use crate::mail::Mailer;
use crate::registry::Failure;

/// What all handlers of a process share.
#[derive(Debug, Clone)]
pub struct Services {
    /// The database.
    pub pool: Pool,
    /// The time, for rules; leases and retries go by the database's.
    pub clock: Clock,
    /// The object store.
    pub storage: Storage,
    /// Looks for viruses; none where nobody has set one up.
    pub antivirus: Option<Arc<dyn Antivirus>>,
    /// Sends mail.
    pub mailer: Mailer,
    /// Notes effects that have happened.
    pub completions: Completions,
    /// Public addresses.
    pub platform: PlatformConfig,
}

/// One run of one job.
#[derive(Debug, Clone)]
pub struct Ctx(Arc<Run>);

#[derive(Debug)]
struct Run {
    services: Arc<Services>,
    claim: Claim,
    hold: Arc<Hold>,
    cancelled: CancellationToken,
    result: Mutex<Option<Value>>,
}

impl Ctx {
    pub(crate) fn new(services: Arc<Services>, claim: Claim, hold: Arc<Hold>, cancelled: CancellationToken) -> Self {
        Self(Arc::new(Run { services, claim, hold, cancelled, result: Mutex::default() }))
    }

    /// What all handlers share.
    pub fn services(&self) -> &Services {
        &self.0.services
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.services.clock.now()
    }

    /// The tenant in which the job acts; [`TenantId::PLATFORM`] for the platform's own.
    pub fn tenant(&self) -> TenantId {
        self.0.claim.tenant
    }

    /// The job.
    pub fn job(&self) -> JobId {
        self.0.claim.id
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> i32 {
        self.0.claim.attempt
    }

    /// Whether a failure now is the end: time to tell whoever waits.
    pub fn is_last_attempt(&self) -> bool {
        self.0.claim.attempt >= self.0.claim.max_attempts
    }

    /// Who asked for it.
    pub fn created_by(&self) -> Option<UserId> {
        self.0.claim.created_by
    }

    /// The request that asked for it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.claim.request_id.as_deref()
    }

    /// A connection in the job's tenant, or the platform's for a job of the platform.
    ///
    /// What is written through it is committed at once, whatever becomes of the job.
    ///
    /// # Errors
    /// None can be had: try again later.
    pub async fn conn(&self) -> Result<ScopedConn, Failure> {
        Ok(self.0.services.pool.get_for(Scope::of(Some(self.tenant())), &self.acting()).await?)
    }

    /// A connection in one tenant, for jobs of the platform that go from tenant to tenant.
    ///
    /// # Errors
    /// None can be had: try again later.
    pub async fn tenant_conn(&self, tenant: TenantId) -> Result<ScopedConn, Failure> {
        Ok(self.0.services.pool.get_for(Scope::Tenant(tenant), &self.acting()).await?)
    }

    /// Who changes what the job changes.
    pub(crate) fn acting(&self) -> Acting {
        Acting::job(self.job(), self.created_by(), self.request_id())
    }

    /// Makes an effect outside the database, at least once: a mail, a call that the other side can
    /// recognise when it comes again.
    ///
    /// `key` names the effect within the kind and tenant and never changes: `welcome:{user}`.
    /// `send` is given the full key, for the other side to recognise it by (a Message-ID, a
    /// provider's idempotency key), and answers with what the other side calls it. An effect that
    /// is known to have happened is not repeated; its name is returned.
    ///
    /// # Errors
    /// [`Failure::Lost`] when another worker may have the job by now, [`Failure::Cancelled`] when
    /// nobody wants it any more; or what `send` says.
    pub async fn external<F, Fut>(&self, key: &str, send: F) -> Result<Option<String>, Failure>
    where
        F: FnOnce(String) -> Fut + Send,
        Fut: Future<Output = Result<Option<String>, Failure>> + Send,
    {
        let key = self.effect_key(key);
        if let Permit::Done(name) = self.permit(&key, Policy::AtLeastOnce).await? {
            metrics::counter!("outbound_effects_total", "kind" => self.0.claim.kind.clone(), "turn" => "known")
                .increment(1);
            return Ok(name);
        }
        let name = self.0.hold.guard(send(key.clone())).await?;
        self.note(key, name.clone()).await?;
        Ok(name)
    }

    /// Makes an effect outside the database, at most once: what costs money and cannot be
    /// recognised when it comes again. When an earlier attempt may or may not have made it, the
    /// job stops and waits for a person.
    ///
    /// [`Failure::RetryAfter`] from `send` means that the other side has refused: it did not happen,
    /// and may be tried again.
    ///
    /// # Errors
    /// [`Failure::NeedsReview`], [`Failure::Lost`], or what `send` says.
    pub async fn external_once<F, Fut>(&self, key: &str, send: F) -> Result<Option<String>, Failure>
    where
        F: FnOnce(String) -> Fut + Send,
        Fut: Future<Output = Result<Option<String>, Failure>> + Send,
    {
        let key = self.effect_key(key);
        match self.permit(&key, Policy::AtMostOnce).await? {
            Permit::Done(name) => return Ok(name),
            Permit::Repeat => {
                return Err(Failure::NeedsReview(format!("{key} was tried before and may have happened")));
            }
            Permit::First | Permit::Lost | Permit::Cancelled => {}
        }
        match self.0.hold.guard(send(key.clone())).await {
            Ok(name) => {
                self.note(key, name.clone()).await?;
                Ok(name)
            }
            Err(refused @ Failure::RetryAfter(..)) => {
                effects::withdraw(&mut *self.conn().await?, &key).await?;
                Err(refused)
            }
            Err(other) => Err(other),
        }
    }

    fn effect_key(&self, key: &str) -> String {
        let claim = &self.0.claim;
        if claim.tenant == TenantId::PLATFORM {
            format!("{}:platform:{key}", claim.kind)
        } else {
            format!("{}:{}:{key}", claim.kind, claim.tenant)
        }
    }

    async fn note(&self, key: String, external_ref: Option<String>) -> Result<(), Failure> {
        let happened = Happened { key, tenant: self.tenant(), job: self.job(), external_ref };
        self.0.services.completions.note(happened).await
    }

    async fn permit(&self, key: &str, policy: Policy) -> Result<Permit, Failure> {
        let asked = Instant::now();
        let permit = effects::permit(&mut *self.conn().await?, &self.0.claim, key, policy, self.0.hold.lease()).await?;
        let turn = match permit {
            Permit::Lost => return Err(Failure::Lost),
            Permit::Cancelled => return Err(Failure::Cancelled),
            Permit::First => "first",
            Permit::Repeat => "repeat",
            Permit::Done(_) => return Ok(permit),
        };
        self.0.hold.renew(asked);
        metrics::counter!("outbound_effects_total", "kind" => self.0.claim.kind.clone(), "turn" => turn).increment(1);
        Ok(permit)
    }

    /// Says how far the job is, for whoever waits for it.
    ///
    /// # Errors
    /// [`Failure::Lost`], or the database's.
    pub async fn progress(&self, percent: u8, note: Option<&str>) -> Result<(), Failure> {
        let is_ours = ledger::set_progress(&mut *self.conn().await?, &self.0.claim, percent, note).await?;
        if is_ours { Ok(()) } else { Err(Failure::Lost) }
    }

    /// Whether somebody asked for the job to stop. It may end of its own accord, and is broken off
    /// a second later.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.is_cancelled()
    }

    /// Until somebody asks for the job to stop.
    pub async fn cancelled(&self) {
        self.0.cancelled.cancelled().await;
    }

    /// Leaves a result for whoever asked for the job: ids and counts.
    pub fn set_result(&self, result: Value) {
        *self.0.result.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }

    pub(crate) fn result(&self) -> Option<Value> {
        self.0.result.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn claim(&self) -> &Claim {
        &self.0.claim
    }
}
