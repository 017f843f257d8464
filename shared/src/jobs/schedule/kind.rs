//! Kinds of job of which operators may make schedules.

use chrono::DateTime;
use serde_json::Value;

use super::fire::with_instant;
use crate::ids::TenantId;
use crate::jobs::{Job, Queue};

/// A payload longer than this is none of ours: they are ids.
const LONGEST_PAYLOAD: usize = 4_096;

/// A kind that may be scheduled.
#[derive(Debug, Clone, Copy)]
pub struct Schedulable {
    /// Its name.
    pub kind: &'static str,
    /// Where its jobs wait.
    pub queue: Queue,
    /// Attempts of each.
    pub max_attempts: i32,
    check: fn(&Value) -> Result<(), String>,
}

impl Schedulable {
    /// The kind of `J`, if it says that it may be scheduled.
    pub const fn of<J: Job>() -> Option<Self> {
        if J::MAY_BE_SCHEDULED {
            Some(Self { kind: J::NAME, queue: J::QUEUE, max_attempts: J::MAX_ATTEMPTS, check: check::<J> })
        } else {
            None
        }
    }

    /// Whether `args` are a payload of this kind; if not, why.
    ///
    /// # Errors
    /// A sentence for whoever wrote them.
    pub fn check(&self, args: &Value) -> Result<(), String> {
        (self.check)(args)
    }
}

fn check<J: Job>(args: &Value) -> Result<(), String> {
    let Value::Object(given) = args else { return Err("a payload is a JSON object".to_owned()) };
    if args.to_string().len() > LONGEST_PAYLOAD {
        return Err(format!("a payload has {LONGEST_PAYLOAD} bytes at most"));
    }
    // As it will be when it fires.
    let fired = with_instant(args, DateTime::UNIX_EPOCH);
    let job: J = serde_json::from_value(fired).map_err(|error| error.to_string())?;
    if job.tenant() != TenantId::PLATFORM {
        return Err("a schedule is the platform's own, and this would act in a tenant".to_owned());
    }
    let read = serde_json::to_value(&job).map_err(|error| error.to_string())?;
    match given.keys().find(|field| read.get(field.as_str()).is_none()) {
        Some(field) => Err(format!("{} has no field `{field}`", J::NAME)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Sweep {
        days: u8,
        #[serde(default)]
        tenant: Option<TenantId>,
    }

    impl Job for Sweep {
        const NAME: &'static str = "test.sweep";
        const QUEUE: Queue = Queue::Within1h;
        const MAY_BE_SCHEDULED: bool = true;

        fn tenant(&self) -> TenantId {
            self.tenant.unwrap_or(TenantId::PLATFORM)
        }
    }

    #[test]
    fn a_payload_is_one_that_the_kind_reads_whole_and_for_the_platform() {
        let kind = Schedulable::of::<Sweep>().expect("it may be");
        assert_eq!(kind.check(&json!({ "days": 7 })), Ok(()));
        for (args, why) in [
            (json!({}), "missing field `days`"),
            (json!({ "days": "seven" }), "invalid type"),
            (json!({ "days": 7, "weeks": 1 }), "has no field `weeks`"),
            (json!({ "days": 7, "tenant": TenantId::new() }), "would act in a tenant"),
            (json!([7]), "JSON object"),
            (json!({ "days": 7, "note": "x".repeat(5_000) }), "4096 bytes"),
        ] {
            let refused = kind.check(&args).expect_err("a wrong payload");
            assert!(refused.contains(why), "{args}: {refused}");
        }
    }
}
