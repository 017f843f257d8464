//! For whom a connection makes its changes: what the audit log will say of them.

use crate::ids::{JobId, UserId};

/// A person, a job, a request, an operator: whoever is behind the changes that a connection makes.
///
/// It travels with the connection rather than with each statement, so that no statement can forget
/// it: the audit log's trigger reads it where it writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Acting {
    person: Option<UserId>,
    job: Option<JobId>,
    request: String,
    operator: String,
}

impl Acting {
    /// The system itself, and whoever only reads.
    pub fn nobody() -> Self {
        Self::default()
    }

    /// Somebody, or a stranger, by a request.
    pub fn request(person: Option<UserId>, request: &str) -> Self {
        Self { person, request: safe(request), ..Self::default() }
    }

    /// A job, and whoever asked for it.
    pub fn job(job: JobId, asked_by: Option<UserId>, request: Option<&str>) -> Self {
        let request = safe(request.unwrap_or_default());
        Self { person: asked_by, job: Some(job), request, ..Self::default() }
    }

    /// Whoever sits at a terminal or before the operators' page: `command line, ada@host-7`.
    pub fn operator(name: &str) -> Self {
        let allowed = |letter: &char| letter.is_ascii_alphanumeric() || "-_.:,@ ".contains(*letter);
        Self { operator: name.chars().filter(allowed).take(200).collect(), ..Self::default() }
    }

    /// The settings of a connection as a list of SQL expressions.
    pub(super) fn settings(&self) -> String {
        let person = self.person.map(|id| id.to_string()).unwrap_or_default();
        let job = self.job.map(|id| id.to_string()).unwrap_or_default();
        format!(
            "set_config('app.actor_id', '{person}', false), set_config('app.job_id', '{job}', false), \
             set_config('app.operator', '{}', false), set_config('app.request_id', '{}', false)",
            self.operator, self.request
        )
    }
}

/// A request's id as it may stand in a statement: letters, digits and a few signs.
fn safe(request: &str) -> String {
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || "-_.:".contains(*letter);
    request.chars().filter(allowed).take(128).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_cannot_end_the_text_that_it_stands_in() {
        let acting = Acting::request(None, "a'), set_config('role', 'lms_owner', false); --\\\0");
        assert!(acting.settings().ends_with("set_config('app.request_id', 'aset_configrolelms_ownerfalse--', false)"));
    }

    #[test]
    fn neither_can_the_name_of_an_operator() {
        let acting = Acting::operator("command line, o'ada\\@host-7\0");
        assert!(acting.settings().contains("set_config('app.operator', 'command line, oada@host-7', false)"));
    }
}
