//! E-mail: how it leaves. What is said in it is `shared::mail`'s.

mod connections;
mod encrypted;
mod own;
mod smtp;

pub use own::{OwnServerError, mailer_of, own_mailer};
pub use smtp::{MailConfig, MailError, MailSecurity, Mailer};
