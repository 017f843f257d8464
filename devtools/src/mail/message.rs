//! One message, as it was sent and as it reads.

use chrono::{DateTime, Utc};
use mail_parser::{MessageParser, MessagePart, PartType};
use serde::Serialize;

/// A message that was received.
#[derive(Debug, Serialize)]
pub struct Message {
    /// Counts up from 1 in the order of receipt.
    pub number: u64,
    /// The envelope's sender; empty for a bounce.
    pub from: String,
    /// The envelope's recipients, which are whom it was delivered to, whatever `To:` says.
    pub to: Vec<String>,
    pub subject: String,
    /// Without the angle brackets.
    pub message_id: Option<String>,
    /// The text part, if it has one.
    pub text: Option<String>,
    /// The HTML part, if it has one.
    pub html: Option<String>,
    /// As sent: folded, encoded and in order.
    pub headers: Vec<(String, String)>,
    pub received_at: DateTime<Utc>,
    /// The bytes between `DATA` and the final dot, unstuffed.
    #[serde(skip)]
    pub raw: Vec<u8>,
}

/// Who sends to whom, as said outside the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) from: String,
    pub(super) to: Vec<String>,
}

impl Message {
    pub(super) fn read(number: u64, envelope: Envelope, received_at: DateTime<Utc>, raw: Vec<u8>) -> Self {
        let parsed = MessageParser::default().parse(&raw).unwrap_or_default();
        let headers = parsed.headers_raw().map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        let text = parsed.text_bodies().find_map(plain);
        let html = parsed.html_bodies().find_map(html);
        Self {
            number,
            from: envelope.from,
            to: envelope.to,
            subject: parsed.subject().unwrap_or_default().to_owned(),
            message_id: parsed.message_id().map(str::to_owned),
            text,
            html,
            headers,
            received_at,
            raw,
        }
    }

    /// Whether `address` is among the envelope's recipients, whatever its case.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.iter().any(|to| to.eq_ignore_ascii_case(address))
    }

    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

// The parser offers either form of a body that has only the other one; tests ask what was sent.

fn plain(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Text(text) => Some(text.clone().into_owned()),
        _ => None,
    }
}

fn html(part: &MessagePart<'_>) -> Option<String> {
    match &part.body {
        PartType::Html(html) => Some(html.clone().into_owned()),
        _ => None,
    }
}
