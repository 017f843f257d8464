//! Everything that is measured, in one list: what dashboards and alerts may speak of.
//!
//! No label ever names a tenant, a person or a job: there are too many of them, and they are
//! nobody's business.

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder};

use crate::jobs::Queue;
use crate::kinds;

/// Which program measures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `api serve`.
    Api,
    /// `worker`.
    Worker,
}

/// What kind of measure it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only ever goes up.
    Counter,
    /// What is now.
    Gauge,
    /// How often a value was up to each of these.
    Histogram(&'static [f64]),
}

/// Something that is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// As Prometheus knows it; its unit comes last.
    pub name: &'static str,
    /// What kind.
    pub kind: Kind,
    /// By which programs.
    pub programs: &'static [Program],
    /// By what it is told apart.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
}

const BOTH: &[Program] = &[Program::Api, Program::Worker];
const API: &[Program] = &[Program::Api];
const WORKER: &[Program] = &[Program::Worker];

/// Waiting for a connection: usually nothing, and two seconds are all the patience there is.
const OF_WAITS: &[f64] = &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// Requests: most take milliseconds, and none more than thirty seconds.
const OF_REQUESTS: &[f64] = &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Waiting to start: each promise is a bound, so that how often it was kept is exact.
const OF_STARTS: &[f64] =
    &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1_800.0, 3_600.0];
/// Running: from one statement to a quarter of an hour, the longest that a job may take.
const OF_JOBS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];
/// Firing: half a second is usual, two minutes are an alert, and a day is what is made up for.
const OF_SCHEDULES: &[f64] = &[0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 120.0, 600.0, 3_600.0, 86_400.0];

macro_rules! measures {
    ($($programs:ident $kind:expr, $name:literal [$($label:literal),*] $help:literal;)*) => {
        &[$(Measure { name: $name, kind: $kind, programs: $programs, labels: &[$($label),*], help: $help }),*]
    };
}

/// All of it.
pub const MEASURES: &[Measure] = measures! {
    API Kind::Counter, "http_requests_total" ["method", "path", "status"] "Requests, by the pattern of their address";
    API Kind::Histogram(OF_REQUESTS), "http_request_duration_seconds" ["method", "path"] "How long requests took until their answer began";
    API Kind::Gauge, "live_streams" [] "Streams that clients wait at";
    BOTH Kind::Gauge, "db_pool_connections_used" [] "Connections to the database that are in use";
    BOTH Kind::Gauge, "db_pool_callers_waiting" [] "Callers that wait for a connection";
    BOTH Kind::Histogram(OF_WAITS), "db_pool_wait_seconds" [] "How long callers waited until they had a connection, or had waited enough";
    BOTH Kind::Gauge, "relay_leader" [] "1 in the process that leads the relay, which is to hand out tickets; 0 in the others";
    BOTH Kind::Gauge, "relay_keeper" [] "1 in the process that fires schedules and takes back what died, 0 in the others";
    BOTH Kind::Gauge, "relay_window_used" ["queue"] "Jobs whose ticket is out, as the leader sees it";
    BOTH Kind::Counter, "relay_epoch_resets_total" [] "How often Redis had lost its tickets and they were given again";
    BOTH Kind::Counter, "job_lease_expired_total" [] "Jobs taken back from workers that were lost";
    BOTH Kind::Counter, "job_attempts_total" ["kind", "outcome"] "Attempts that ended; with its worker once too often, as the relay's keeper sees it";
    BOTH Kind::Histogram(OF_SCHEDULES), "schedule_lateness_seconds" [] "From the instant of a schedule to its job";
    WORKER Kind::Gauge, "jobs_ready" ["queue"] "Jobs that are due and have not started";
    WORKER Kind::Gauge, "jobs_scheduled" ["queue"] "Jobs that wait for their time";
    WORKER Kind::Gauge, "jobs_running" ["queue"] "Jobs under way, on all workers";
    WORKER Kind::Gauge, "jobs_dead" ["queue"] "Jobs that wait for an operator";
    WORKER Kind::Gauge, "jobs_oldest_due_age_seconds" ["queue"] "How long the oldest due job has waited: what to scale by";
    WORKER Kind::Gauge, "queue_promise_seconds" ["queue"] "How soon a job of the queue starts, when workers suffice";
    WORKER Kind::Gauge, "queue_paused" ["queue"] "1 when an operator holds the queue";
    WORKER Kind::Gauge, "queues_served" [] "Queues that this worker serves at the moment";
    WORKER Kind::Gauge, "jobs_running_here" [] "Jobs under way in this worker";
    WORKER Kind::Histogram(OF_STARTS), "job_start_latency_seconds" ["queue"] "From due to running";
    WORKER Kind::Histogram(OF_JOBS), "job_duration_seconds" ["kind", "outcome"] "How long attempts took, however they ended";
    WORKER Kind::Counter, "job_fenced_total" [] "Outcomes that were not written, because another worker had the job by then";
    WORKER Kind::Counter, "job_tickets_stale_total" ["queue"] "Tickets that found nothing to do";
    WORKER Kind::Counter, "outbound_effects_total" ["kind", "turn"] "Effects outside the database: first, repeat after a crash, known to have happened";
    WORKER Kind::Counter, "transport_restarts_total" ["queue"] "How often the road through Redis broke and was taken up again";
};

/// The measures of a program.
pub fn of(program: Program) -> impl Iterator<Item = &'static Measure> {
    MEASURES.iter().filter(move |measure| measure.programs.contains(&program))
}

/// Gives each histogram its bounds.
pub(super) fn with_bounds(builder: PrometheusBuilder) -> Result<PrometheusBuilder, BuildError> {
    MEASURES.iter().try_fold(builder, |builder, measure| match measure.kind {
        Kind::Histogram(bounds) => builder.set_buckets_for_metric(Matcher::Full(measure.name.to_owned()), bounds),
        Kind::Counter | Kind::Gauge => Ok(builder),
    })
}

/// The values with which a label begins, as far as they are known before anything happens: of
/// outcomes, the one that wakes people.
fn beginnings(label: &str) -> Vec<&'static str> {
    match label {
        "queue" => Queue::ALL.map(Queue::name).to_vec(),
        "kind" => kinds::ALL.iter().map(|kind| kind.name).chain([kinds::UNKNOWN]).collect(),
        "outcome" => vec!["dead"],
        "turn" => vec!["first", "repeat", "known"],
        _ => Vec::new(),
    }
}

impl Measure {
    /// The labels of its series that are there, at zero, before anything happens: one that appears
    /// with its first event hides that event from whoever looks at differences, as alerts do.
    pub fn begun(&self) -> Vec<Vec<(&'static str, &'static str)>> {
        // How long a death took wakes nobody, and would be seventeen series for each kind.
        if matches!(self.kind, Kind::Histogram(_)) && self.labels.contains(&"kind") {
            return Vec::new();
        }
        self.labels.iter().fold(vec![Vec::new()], |series, label| {
            let with = |value| series.iter().map(move |labels| [&labels[..], &[(*label, value)][..]].concat());
            beginnings(label).into_iter().flat_map(with).collect()
        })
    }
}

/// Describes what `program` measures, and lets it begin at zero.
pub(super) fn begin(program: Program) {
    for measure in of(program) {
        let Measure { name, kind, labels, help, .. } = measure;
        match kind {
            Kind::Counter => {
                metrics::describe_counter!(*name, *help);
                measure.begun().iter().for_each(|labels| metrics::counter!(*name, labels).increment(0));
            }
            Kind::Histogram(_) => {
                metrics::describe_histogram!(*name, *help);
                measure.begun().iter().for_each(|labels| drop(metrics::histogram!(*name, labels)));
            }
            Kind::Gauge => {
                metrics::describe_gauge!(*name, *help);
                if labels.is_empty() {
                    metrics::gauge!(*name).set(0.0);
                }
            }
        }
    }
    if program == Program::Worker {
        for queue in Queue::ALL {
            metrics::gauge!("queue_promise_seconds", "queue" => queue.name()).set(queue.promise().as_secs_f64());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_promise_is_a_bound_of_the_waiting_time() {
        for queue in Queue::ALL {
            assert!(OF_STARTS.contains(&queue.promise().as_secs_f64()), "{queue}");
        }
    }

    #[test]
    fn each_kind_of_job_begins_with_no_death_and_no_effect() {
        let begun = |name: &str| MEASURES.iter().find(|measure| measure.name == name).expect("measured").begun();
        assert_eq!(begun("job_attempts_total").len(), kinds::ALL.len() + 1);
        assert_eq!(begun("outbound_effects_total").len(), 3 * (kinds::ALL.len() + 1));
        for kind in kinds::ALL {
            assert!(begun("job_attempts_total").contains(&vec![("kind", kind.name), ("outcome", "dead")]));
            for turn in ["first", "repeat"] {
                assert!(begun("outbound_effects_total").contains(&vec![("kind", kind.name), ("turn", turn)]));
            }
        }
        assert_eq!(begun("job_fenced_total").len(), 1, "one without labels");
        assert!(begun("http_requests_total").is_empty(), "nobody knows before what is asked for");
    }

    #[test]
    fn no_label_tells_tenants_people_or_jobs_apart() {
        for measure in MEASURES {
            for label in measure.labels {
                assert!(["method", "path", "status", "queue", "kind", "outcome", "turn"].contains(label), "{label}");
            }
        }
    }
}
