//! Sending mail by SMTP.

use std::fmt::Write;
use std::time::Duration;

use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use shared::config::Env;

use shared::mail::RenderedMail;

use super::connections::{Connections, NoAnswer, Server};
use super::encrypted::Protection;

/// Where mail is handed in, and whom it comes from.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// `EMAIL_HOST`.
    pub host: String,
    /// `EMAIL_PORT`: 587 with STARTTLS, 465 with TLS from the start and 25 without either, when
    /// left out.
    pub port: u16,
    /// `EMAIL_USE_TLS` (STARTTLS, demanded) and `EMAIL_USE_SSL` (TLS from the start).
    pub security: MailSecurity,
    /// `EMAIL_HOST_USER`; nobody signs in when it is left out.
    pub user: Option<String>,
    /// `EMAIL_HOST_PASSWORD`.
    pub password: SecretString,
    /// `DEFAULT_FROM_EMAIL`: an address, or a name and an address in angle brackets.
    pub from: Mailbox,
}

/// How the conversation is kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Not at all: a relay on the same machine.
    None,
    /// STARTTLS before anything else, or no mail.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

impl MailConfig {
    /// Reads it.
    pub fn from_env(env: &mut Env) -> Self {
        let security = match (env.switch("EMAIL_USE_TLS", false), env.switch("EMAIL_USE_SSL", false)) {
            (true, true) => {
                env.problem("EMAIL_USE_SSL: TLS from the start and STARTTLS (EMAIL_USE_TLS) exclude each other");
                MailSecurity::StartTls
            }
            (true, false) => MailSecurity::StartTls,
            (false, true) => MailSecurity::Tls,
            (false, false) => MailSecurity::None,
        };
        let port = match security {
            MailSecurity::None => 25,
            MailSecurity::StartTls => 587,
            MailSecurity::Tls => 465,
        };
        Self {
            host: env.text("EMAIL_HOST", "localhost"),
            port: env.parsed("EMAIL_PORT", port),
            security,
            user: env.optional("EMAIL_HOST_USER"),
            password: SecretString::from(env.optional("EMAIL_HOST_PASSWORD").unwrap_or_default()),
            from: env.parsed("DEFAULT_FROM_EMAIL", Mailbox::new(None, lms_address())),
        }
    }
}

fn lms_address() -> lettre::Address {
    // Two constants without a character that could be refused.
    lettre::Address::new_dangerous("noreply", "lms.example.com")
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Never will be: the address is not one, or its server does not know it.
    #[error("the mail cannot be delivered: {0}")]
    Undeliverable(String),
    /// Not now: try again.
    #[error("the mail server does not take the mail now")]
    Later(#[source] anyhow::Error),
}

/// A server, and how it is spoken to.
pub(super) struct Road {
    /// What is connected to.
    pub(super) server: String,
    /// Whose certificate it must show.
    pub(super) certificate: String,
    pub(super) port: u16,
    pub(super) security: MailSecurity,
    pub(super) user: Option<String>,
    pub(super) password: SecretString,
    pub(super) timeout: Duration,
}

/// Sends mail. Cheap to clone; connections are kept for the next mail.
#[derive(Debug, Clone)]
pub struct Mailer {
    connections: Connections,
    from: Mailbox,
}

impl Mailer {
    /// Sets it up; nothing is connected yet.
    ///
    /// # Errors
    /// The host's name cannot stand in a certificate.
    pub fn new(config: &MailConfig) -> anyhow::Result<Self> {
        let road = Road {
            server: config.host.clone(),
            certificate: config.host.clone(),
            port: config.port,
            security: config.security,
            user: config.user.clone(),
            password: config.password.clone(),
            // Less than any mail job may take, so that the job ends by this and not by its limit.
            timeout: Duration::from_secs(15),
        };
        Self::by(&road, config.from.clone())
    }

    /// Sets one up that goes by `road`; nothing is connected yet.
    ///
    /// # Errors
    /// The name cannot stand in a certificate.
    pub(super) fn by(road: &Road, from: Mailbox) -> anyhow::Result<Self> {
        let server = Server {
            address: road.server.clone(),
            port: road.port,
            protection: Protection::of(road.security, road.certificate.clone())?,
            credentials: road.user.clone().map(|user| Credentials::new(user, road.password.expose_secret().to_owned())),
            hello: ClientId::default(),
            timeout: road.timeout,
        };
        Ok(Self::over(Connections::to(server)?, from))
    }

    pub(super) fn over(connections: Connections, from: Mailbox) -> Self {
        Self { connections, from }
    }

    /// Hands `mail` in for `to`. The same `effect_key` gives the same Message-ID, by which
    /// receivers recognise a mail that a crash made us send again.
    ///
    /// # Errors
    /// See [`MailError`].
    pub async fn send(&self, mail: &RenderedMail, to: &str, effect_key: &str) -> Result<(), MailError> {
        let message = self.message(mail, to, effect_key)?;
        match self.connections.send(&message).await {
            Ok(_) => Ok(()),
            Err(NoAnswer::Smtp(error)) if is_about_the_mail(&error) => Err(MailError::Undeliverable(error.to_string())),
            Err(error) => Err(MailError::Later(error.into())),
        }
    }

    fn message(&self, mail: &RenderedMail, to: &str, effect_key: &str) -> Result<Message, MailError> {
        // The address alone, never a name: what people write in their names stays out of headers.
        let to: lettre::Address = to.parse().map_err(|error| MailError::Undeliverable(format!("{error}")))?;
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(&mail.subject)
            .message_id(Some(message_id(effect_key, self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| MailError::Undeliverable(error.to_string()))?;
        // Out-of-office programs leave such mail alone.
        message.headers_mut().insert_raw(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
        Ok(message)
    }
}

/// Whether the server's answer will be the same next time. Its complaints about how we sign in or
/// speak are the operator's to mend, and the mail waits for that.
fn is_about_the_mail(error: &smtp::Error) -> bool {
    let code: Option<u16> = error.status().map(Into::into);
    matches!(code, Some(510..=529 | 550..=554))
}

/// The effect's name in the letters that a Message-ID may have; different names stay different.
fn message_id(effect_key: &str, domain: &str) -> String {
    let mut local = String::with_capacity(effect_key.len());
    for byte in effect_key.bytes() {
        match char::from(byte) {
            sign if sign.is_ascii_alphanumeric() || "-_+".contains(sign) => local.push(sign),
            // Writing into a text cannot fail.
            _ => drop(write!(local, "={byte:02X}")),
        }
    }
    format!("<{local}@{domain}>")
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use devtools::mail::MailSink;

    use super::*;

    fn mail() -> RenderedMail {
        RenderedMail { subject: "Grüße".to_owned(), text: "Hello\n".to_owned(), html: "<p>Hello</p>".to_owned() }
    }

    async fn sink_and_mailer() -> (MailSink, Mailer) {
        let sink = MailSink::start(SocketAddr::from(([127, 0, 0, 1], 0)), None).await.expect("a sink");
        let pairs = [
            ("EMAIL_HOST", sink.address().ip().to_string()),
            ("EMAIL_PORT", sink.address().port().to_string()),
            ("DEFAULT_FROM_EMAIL", "LMS <lms@example.org>".to_owned()),
        ];
        let mut env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value)));
        let config = MailConfig::from_env(&mut env);
        let config = env.finish(config).expect("a configuration");
        (sink, Mailer::new(&config).expect("a mailer"))
    }

    #[tokio::test]
    async fn a_mail_has_both_parts_and_an_id_made_of_its_effects_key() {
        let (sink, mailer) = sink_and_mailer().await;

        mailer.send(&mail(), "alice@example.org", "users.reset:1 2").await.expect("sent");

        let received = sink.messages();
        assert_eq!(received.len(), 1);
        assert_eq!(received[0].subject, "Grüße");
        assert_eq!(received[0].text.as_deref(), Some("Hello\r\n"));
        assert_eq!(received[0].html.as_deref(), Some("<p>Hello</p>"));
        assert_eq!(received[0].from, "lms@example.org");
        assert_eq!(received[0].message_id.as_deref(), Some("users=2Ereset=3A1=202@example.org"));
        assert_eq!(received[0].header("auto-submitted"), Some("auto-generated"));
    }

    #[tokio::test]
    async fn a_refusal_for_now_is_told_from_one_for_ever() {
        let (sink, mailer) = sink_and_mailer().await;
        for (code, for_ever) in [(451, false), (421, false), (550, true), (554, true)] {
            sink.fail_next(1, code);
            let error = mailer.send(&mail(), "alice@example.org", "k").await.expect_err("refused");
            assert_eq!(matches!(error, MailError::Undeliverable(_)), for_ever, "{code}: {error:?}");
        }
        mailer.send(&mail(), "alice@example.org", "k").await.expect("the mailer recovers");
    }

    #[tokio::test]
    async fn a_mail_that_was_broken_off_leaves_nothing_for_the_next() {
        let (sink, mailer) = sink_and_mailer().await;
        let mail = mail();
        mailer.send(&mail, "alice@example.org", "first").await.expect("sent");
        sink.take_time(Duration::from_secs(60));
        let broken_off = mailer.send(&mail, "bob@example.org", "broken off");
        assert!(tokio::time::timeout(Duration::from_millis(100), broken_off).await.is_err(), "it is under way");
        sink.take_time(Duration::ZERO);

        // A refusal that was meant for it reaches it.
        sink.fail_next(1, 550);
        let refused = mailer.send(&mail, "carol@example.org", "refused").await;
        assert!(matches!(refused, Err(MailError::Undeliverable(_))), "{refused:?}");
        mailer.send(&mail, "dave@example.org", "last").await.expect("sent");

        let to: Vec<_> = sink.messages().iter().map(|received| received.to.concat()).collect();
        assert_eq!(to, ["alice@example.org", "dave@example.org"]);
    }

    #[tokio::test]
    async fn the_end_of_a_mail_is_not_held_back() {
        let (_sink, mailer) = sink_and_mailer().await;
        let mail = mail();
        let mut took = Vec::new();
        // A fresh connection is acknowledged at once for a while; held back, each of the others takes
        // the 40 ms that Linux delays an acknowledgement by.
        while !took.iter().skip(25).any(|it| *it < Duration::from_millis(30)) {
            assert!(took.len() < 200, "{took:?}");
            let begun = std::time::Instant::now();
            mailer.send(&mail, "alice@example.org", &took.len().to_string()).await.expect("sent");
            took.push(begun.elapsed());
        }
    }

    #[tokio::test]
    async fn a_server_that_says_nothing_is_not_waited_for() {
        let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = silent.local_addr().expect("its address");
        let road = Road {
            server: address.ip().to_string(),
            certificate: "localhost".to_owned(),
            port: address.port(),
            security: MailSecurity::None,
            user: None,
            password: SecretString::default(),
            timeout: Duration::from_millis(50),
        };
        let from = "LMS <lms@example.org>".parse().expect("an address");
        let mailer = Mailer::by(&road, from).expect("a mailer");
        let outcome = mailer.send(&mail(), "alice@example.org", "k").await;
        assert!(matches!(outcome, Err(MailError::Later(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn no_address_ends_a_header_and_starts_another() {
        let (sink, mailer) = sink_and_mailer().await;
        for to in
            ["", "nobody", "a@example.org\r\nBcc: b@example.org", "A <a@example.org>", "a@example.org, b@example.org"]
        {
            let error = mailer.send(&mail(), to, "k").await.expect_err("not an address");
            assert!(matches!(error, MailError::Undeliverable(_)), "{to}: {error:?}");
        }
        assert!(sink.messages().is_empty());
    }

    #[test]
    fn an_operator_hears_of_all_mistakes() {
        let pairs = [("EMAIL_USE_TLS", "true"), ("EMAIL_USE_SSL", "1"), ("DEFAULT_FROM_EMAIL", "nobody")];
        let mut env = Env::from_pairs(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let config = MailConfig::from_env(&mut env);
        assert_eq!(env.finish(config).expect_err("two mistakes").0.len(), 2);
    }
}
