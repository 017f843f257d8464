//! E-mail: what is said in it, and how it leaves.

mod smtp;
pub mod template;

pub use smtp::{MailConfig, MailError, MailSecurity, Mailer};
