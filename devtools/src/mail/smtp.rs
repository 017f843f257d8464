//! The conversation with one client: RFC 5321 with SIZE, 8BITMIME, SMTPUTF8, PIPELINING,
//! ENHANCEDSTATUSCODES and AUTH.
//!
//! Lenient in what it stores and strict in what it hears: a client that breaks the order of the
//! commands, or the form of a line, is told so as a real server would.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::message::Envelope;
use super::store::{Fault, Store};

/// The largest message, advertised by `SIZE`.
const MAX_MESSAGE: usize = 25 * 1024 * 1024;
/// RFC 5321 asks for 512 at least; extensions add to it.
const MAX_COMMAND: u64 = 4096;
const MAX_RECIPIENTS: usize = 1000;
/// RFC 5321's time-out for a command.
const IDLE: Duration = Duration::from_mins(5);

const OUT_OF_ORDER: &str = "503 5.5.1 Bad sequence of commands";

/// Talks to a client until it leaves.
pub(super) async fn converse(stream: TcpStream, store: Arc<Store>) {
    let mut session =
        Session { stream: BufReader::new(stream), store, greeted: false, authenticated: false, transaction: None };
    // A client that goes away in the middle is none of our concern.
    if let Err(error) = session.run().await {
        tracing::debug!(%error, "an SMTP client went away");
    }
}

struct Session {
    stream: BufReader<TcpStream>,
    store: Arc<Store>,
    greeted: bool,
    authenticated: bool,
    /// From `MAIL` to the end of the data, `RSET` or a new greeting.
    transaction: Option<Transaction>,
}

struct Transaction {
    envelope: Envelope,
    /// `SMTPUTF8` was asked for, so addresses may hold any character.
    international: bool,
}

/// What to say, and whether to go on after it.
enum Answer {
    Say(String),
    SayAndLeave(String),
    Leave,
}

impl From<&str> for Answer {
    fn from(line: &str) -> Self {
        Answer::Say(line.to_owned())
    }
}

enum Line {
    Text(String),
    TooLong,
    Idle,
    Closed,
}

impl Session {
    async fn run(&mut self) -> io::Result<()> {
        self.say("220 localhost ESMTP devtools").await?;
        loop {
            let answer = match self.read_line().await? {
                Line::Text(line) => self.obey(&line).await?,
                Line::TooLong => Answer::SayAndLeave("500 5.5.2 Line too long".to_owned()),
                Line::Idle => Answer::SayAndLeave("421 4.4.2 Idle for too long".to_owned()),
                Line::Closed => Answer::Leave,
            };
            match answer {
                Answer::Say(line) => self.say(&line).await?,
                Answer::SayAndLeave(line) => return self.say(&line).await,
                Answer::Leave => return Ok(()),
            }
        }
    }

    async fn obey(&mut self, line: &str) -> io::Result<Answer> {
        let (verb, argument) = line.split_once(' ').unwrap_or((line, ""));
        let argument = argument.trim();
        Ok(match verb.to_ascii_uppercase().as_str() {
            "EHLO" => self.greet(argument, true),
            "HELO" => self.greet(argument, false),
            "AUTH" => self.authenticate(argument).await?,
            "MAIL" => {
                tokio::time::sleep(self.store.pace()).await;
                self.mail(argument)
            }
            "RCPT" => self.recipient(argument),
            "DATA" => self.data(argument).await?,
            "RSET" => {
                self.transaction = None;
                "250 2.0.0 Ok".into()
            }
            "NOOP" => "250 2.0.0 Ok".into(),
            "VRFY" => "252 2.5.0 Send some mail, it will be accepted".into(),
            "HELP" => "214 2.0.0 EHLO HELO AUTH MAIL RCPT DATA RSET NOOP VRFY QUIT".into(),
            "QUIT" => Answer::SayAndLeave("221 2.0.0 Bye".to_owned()),
            _ => "500 5.5.2 Command not recognised".into(),
        })
    }

    fn greet(&mut self, name: &str, extended: bool) -> Answer {
        if name.is_empty() {
            return "501 5.5.4 Say who you are".into();
        }
        self.greeted = true;
        self.transaction = None;
        if !extended {
            return "250 localhost".into();
        }
        Answer::Say(format!(
            "250-localhost\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n\
             250-ENHANCEDSTATUSCODES\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE {MAX_MESSAGE}"
        ))
    }

    /// Accepts any name with any password, but only in the form that the mechanism asks for.
    async fn authenticate(&mut self, argument: &str) -> io::Result<Answer> {
        if !self.greeted || self.authenticated || self.transaction.is_some() {
            return Ok(OUT_OF_ORDER.into());
        }
        let (mechanism, initial) = argument.split_once(' ').unwrap_or((argument, ""));
        let accepted = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let said = match initial {
                    "" => self.challenge("").await?,
                    said => decode(said),
                };
                // Whom to act as, name, password.
                said.is_some_and(|said| said.split(|&byte| byte == 0).count() == 3)
            }
            "LOGIN" => {
                let name = match initial {
                    "" => self.challenge("Username:").await?,
                    said => decode(said),
                };
                name.is_some() && self.challenge("Password:").await?.is_some()
            }
            _ => return Ok("504 5.5.4 PLAIN and LOGIN only".into()),
        };
        if !accepted {
            return Ok("501 5.5.2 Cannot decode that".into());
        }
        self.authenticated = true;
        Ok("235 2.7.0 Welcome".into())
    }

    async fn challenge(&mut self, prompt: &str) -> io::Result<Option<Vec<u8>>> {
        self.say(&format!("334 {}", BASE64_STANDARD.encode(prompt))).await?;
        Ok(match self.read_line().await? {
            Line::Text(line) => decode(&line),
            _ => None,
        })
    }

    fn mail(&mut self, argument: &str) -> Answer {
        if !self.greeted || self.transaction.is_some() {
            return OUT_OF_ORDER.into();
        }
        let Some((from, parameters)) = path(argument, "FROM:") else {
            return "501 5.5.4 Syntax: MAIL FROM:<address>".into();
        };
        let mut international = false;
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
                ("SIZE", size) => match size.parse::<usize>() {
                    Ok(size) if size > MAX_MESSAGE => return "552 5.3.4 Too large".into(),
                    Ok(_) => {}
                    Err(_) => return "501 5.5.4 SIZE wants a number".into(),
                },
                ("BODY", "7BIT" | "8BITMIME") | ("AUTH", _) => {}
                ("SMTPUTF8", "") => international = true,
                _ => return "555 5.5.4 Parameter not recognised".into(),
            }
        }
        if !from.is_empty() && !is_address(from, international) {
            return "501 5.1.7 Not an address".into();
        }
        let envelope = Envelope { from: from.to_owned(), to: Vec::new() };
        self.transaction = Some(Transaction { envelope, international });
        "250 2.1.0 Ok".into()
    }

    fn recipient(&mut self, argument: &str) -> Answer {
        let Some(transaction) = &mut self.transaction else {
            return OUT_OF_ORDER.into();
        };
        let Some((to, parameters)) = path(argument, "TO:") else {
            return "501 5.5.4 Syntax: RCPT TO:<address>".into();
        };
        if !parameters.is_empty() {
            return "555 5.5.4 Parameter not recognised".into();
        }
        if !is_address(to, transaction.international) && !to.eq_ignore_ascii_case("postmaster") {
            return "501 5.1.3 Not an address".into();
        }
        if transaction.envelope.to.len() == MAX_RECIPIENTS {
            return "452 4.5.3 Too many recipients".into();
        }
        transaction.envelope.to.push(to.to_owned());
        "250 2.1.5 Ok".into()
    }

    async fn data(&mut self, argument: &str) -> io::Result<Answer> {
        if !argument.is_empty() {
            return Ok("501 5.5.4 Syntax: DATA".into());
        }
        let envelope = match self.transaction.take() {
            Some(transaction) if !transaction.envelope.to.is_empty() => transaction.envelope,
            unready => {
                self.transaction = unready;
                return Ok(OUT_OF_ORDER.into());
            }
        };
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        let raw = match self.read_content().await? {
            Ok(raw) => raw,
            Err(refusal) => return Ok(refusal.into()),
        };

        let fault = self.store.next_fault();
        if let Some(Fault::Refuse(code)) = fault {
            let line = format!("{code} {}.0.0 Refused, as asked", code / 100);
            return Ok(if code == 421 { Answer::SayAndLeave(line) } else { Answer::Say(line) });
        }
        let kept = self.store.keep(envelope, raw).await;
        Ok(match (kept, fault) {
            (Ok(_), Some(_)) => Answer::Leave,
            (Ok(number), None) => Answer::Say(format!("250 2.0.0 Ok: kept as {number}")),
            (Err(error), _) => {
                tracing::error!(?error, "a message was not kept");
                "451 4.3.0 Could not be kept".into()
            }
        })
    }

    /// Reads up to the final dot, whatever is wrong before it, and takes off the stuffed dots.
    async fn read_content(&mut self) -> io::Result<Result<Vec<u8>, &'static str>> {
        let mut content = Vec::new();
        let mut refusal = None;
        let mut line = Vec::new();
        let mut line_begins = true;
        loop {
            line.clear();
            // A line of any length is read, piece by piece.
            let mut piece = (&mut self.stream).take(MAX_COMMAND);
            if tokio::time::timeout(IDLE, piece.read_until(b'\n', &mut line)).await?? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if line_begins && line == b".\r\n" {
                return Ok(refusal.map_or(Ok(content), Err));
            }
            let text = match line.strip_prefix(b".") {
                Some(text) if line_begins => text,
                _ => &line,
            };
            // Only CR LF ends a line: to take LF alone for it is how one message is smuggled
            // inside another.
            line_begins = line.ends_with(b"\r\n");
            if line.ends_with(b"\n") && !line_begins {
                refusal = Some("550 5.6.11 A line feed without a carriage return");
            }
            if content.len() + text.len() > MAX_MESSAGE {
                refusal = Some("552 5.3.4 Too large");
            }
            if refusal.is_none() {
                content.extend_from_slice(text);
            }
        }
    }

    async fn read_line(&mut self) -> io::Result<Line> {
        let mut line = Vec::new();
        let mut piece = (&mut self.stream).take(MAX_COMMAND);
        let Ok(read) = tokio::time::timeout(IDLE, piece.read_until(b'\n', &mut line)).await else {
            return Ok(Line::Idle);
        };
        read?;
        Ok(match line.strip_suffix(b"\n") {
            Some(text) => {
                let text = text.strip_suffix(b"\r").unwrap_or(text);
                Line::Text(String::from_utf8_lossy(text).into_owned())
            }
            None if line.is_empty() => Line::Closed,
            None if u64::try_from(line.len()) == Ok(MAX_COMMAND) => Line::TooLong,
            None => Line::Closed,
        })
    }

    async fn say(&mut self, lines: &str) -> io::Result<()> {
        self.stream.write_all(format!("{lines}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }
}

fn decode(said: &str) -> Option<Vec<u8>> {
    // "=" is an empty initial response; "*" gives up, and is not base64.
    if said == "=" { Some(Vec::new()) } else { BASE64_STANDARD.decode(said).ok() }
}

/// Splits `FROM:<address> parameters` behind its keyword.
fn path<'a>(argument: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (found, rest) = argument.split_at_checked(keyword.len())?;
    if !found.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let rest = rest.trim_start().strip_prefix('<')?;
    let mut quoted = false;
    let end = rest.find(|character| {
        quoted ^= character == '"';
        character == '>' && !quoted
    })?;
    let (address, parameters) = rest.split_at(end);
    Some((address, parameters.strip_prefix('>')?.trim()))
}

fn is_address(address: &str, international: bool) -> bool {
    let parts = address.rsplit_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
        && !address.contains(char::is_control)
        && (international || address.is_ascii())
}
