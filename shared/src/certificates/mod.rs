//! Certificates: proofs of completed courses, which anybody who holds the code can verify.
//!
//! One is issued for each completed enrollment, with the names as they were that day. It is
//! PENDING until its page is drawn and stored, then ISSUED, and may be REVOKED for good: there is no
//! way back from that. One that expires may be renewed, also when it has expired.

mod certificate;
mod expiry;
pub mod jobs;
mod public;
mod reissue;
mod rule;
mod transcript;

pub use certificate::{Certificate, CertificateFilter, CertificateStatus, Issued};
pub use expiry::Expiring;
pub use public::{PublicCertificate, Standing};
pub use reissue::CertificateError;
pub use rule::CertificateRule;
pub use transcript::{TRANSCRIPT_KEPT_FOR, TranscriptLine, transcript_key};

#[cfg(test)]
mod tests;
