//! Trouble that passes: the server cannot do now what it will do again.

use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

/// What a server says that has no room, no memory or no place left, or goes away, by SQLSTATE. We
/// are told the words and not the code; they are English unless the server's `lc_messages` is
/// something else.
const WORDS: [&str; 16] = [
    // 53100
    "No space left on device",
    "Disk quota exceeded",
    // 53200
    "out of memory",
    "out of shared memory",
    // 53300
    "too many clients already",
    "too many connections",
    "remaining connection slots are reserved",
    // 57P01 to 57P03
    "terminating connection due to",
    "terminating connection because of crash",
    "the database system is",
    // 57014, 55P03, 40P01: somebody else was in the way.
    "canceling statement due to statement timeout",
    "canceling statement due to lock timeout",
    "deadlock detected",
    // 08006, and what the client finds out by itself.
    "connection closed",
    "error communicating with the server",
    "server closed the connection",
];

/// What a server adds when a file cannot grow, for whichever reason.
const HINT: &str = "Check free disk space.";

/// Whether the same may be asked again with success, and nobody has to change anything but the
/// server's circumstances: its disk is full, it is restarted, another has taken its place.
pub fn is_passing(error: &Error) -> bool {
    match error {
        // The last is a transaction whose connection was lost half-way.
        Error::DatabaseError(
            DatabaseErrorKind::ReadOnlyTransaction
            | DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::SerializationFailure,
            _,
        )
        | Error::BrokenTransactionManager => true,
        Error::DatabaseError(DatabaseErrorKind::Unknown | DatabaseErrorKind::UnableToSendCommand, about) => {
            says_so(about.as_ref())
        }
        Error::RollbackErrorOnCommit { rollback_error, commit_error } => {
            is_passing(rollback_error) || is_passing(commit_error)
        }
        _ => false,
    }
}

fn says_so(about: &(dyn DatabaseErrorInformation + Send + Sync)) -> bool {
    let message = about.message();
    WORDS.iter().any(|words| message.contains(words)) || about.hint() == Some(HINT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_told_from_what_somebody_must_mend() {
        let error = |kind, words: &str| Error::DatabaseError(kind, Box::new(words.to_owned()));
        for words in [
            "could not extend file \"base/16384/24576\": No space left on device",
            "the database system is in recovery mode",
            "terminating connection due to administrator command",
        ] {
            assert!(is_passing(&error(DatabaseErrorKind::Unknown, words)), "{words}");
        }
        assert!(is_passing(&error(DatabaseErrorKind::ReadOnlyTransaction, "cannot execute INSERT")));
        assert!(is_passing(&error(DatabaseErrorKind::UnableToSendCommand, "connection closed")));
        for (kind, words) in [
            (DatabaseErrorKind::Unknown, "column \"colour\" does not exist"),
            (DatabaseErrorKind::Unknown, "permission denied for table users"),
            (DatabaseErrorKind::UniqueViolation, "duplicate key value"),
            (DatabaseErrorKind::UnableToSendCommand, "error serializing parameter 0"),
        ] {
            assert!(!is_passing(&error(kind, words)), "{words}");
        }
        assert!(!is_passing(&Error::NotFound));
    }
}
