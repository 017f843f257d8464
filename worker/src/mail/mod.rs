//! E-mail: what is said in it, and how it leaves.

mod own;
mod smtp;
pub mod template;

pub use own::{OwnServerError, mailer_of, own_mailer};
pub use smtp::{MailConfig, MailError, MailSecurity, Mailer};
pub use template::RenderedMail;
