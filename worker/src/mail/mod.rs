//! E-mail: how it leaves. What is said in it is `shared::mail`'s.

mod smtp;

pub use smtp::{MailConfig, MailError, MailSecurity, Mailer};
