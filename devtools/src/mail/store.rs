//! What was received, in memory and, if wanted, on disk.

use std::collections::{BTreeMap, VecDeque};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio::sync::watch;

use super::message::{Envelope, Message};
use crate::locked;

/// What happens, once, to a message that has arrived.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fault {
    Refuse(u16),
    LoseAnswer,
}

pub(super) struct Store {
    messages: Mutex<BTreeMap<u64, Arc<Message>>>,
    last_number: AtomicU64,
    dir: Option<PathBuf>,
    arrivals: watch::Sender<()>,
    faults: Mutex<VecDeque<Fault>>,
    pace: Mutex<Duration>,
}

impl Store {
    pub(super) async fn open(dir: Option<PathBuf>) -> anyhow::Result<Self> {
        let messages = match &dir {
            Some(dir) => load(dir).await.with_context(|| format!("cannot read the mail in {}", dir.display()))?,
            None => BTreeMap::new(),
        };
        let last = messages.keys().next_back().copied().unwrap_or_default();
        Ok(Self {
            messages: Mutex::new(messages),
            last_number: AtomicU64::new(last),
            dir,
            arrivals: watch::Sender::new(()),
            faults: Mutex::default(),
            pace: Mutex::default(),
        })
    }

    pub(super) fn messages(&self) -> Vec<Arc<Message>> {
        locked(&self.messages).values().cloned().collect()
    }

    pub(super) fn message(&self, number: u64) -> Option<Arc<Message>> {
        locked(&self.messages).get(&number).cloned()
    }

    /// Changes whenever a message arrives.
    pub(super) fn arrivals(&self) -> watch::Receiver<()> {
        self.arrivals.subscribe()
    }

    /// Keeps a message. When this returns it is as safe as it will be.
    pub(super) async fn keep(&self, envelope: Envelope, raw: Vec<u8>) -> anyhow::Result<u64> {
        let number = self.last_number.fetch_add(1, Ordering::Relaxed) + 1;
        let received_at = Utc::now();
        if let Some(dir) = &self.dir {
            write(dir, number, &envelope, received_at, &raw)
                .await
                .with_context(|| format!("cannot keep the message in {}", dir.display()))?;
        }
        let message = Arc::new(Message::read(number, envelope, received_at, raw));
        locked(&self.messages).insert(number, message);
        self.arrivals.send_replace(());
        Ok(number)
    }

    pub(super) async fn clear(&self) -> anyhow::Result<()> {
        let forgotten = std::mem::take(&mut *locked(&self.messages));
        if let Some(dir) = &self.dir {
            for number in forgotten.into_keys() {
                fs::remove_file(path(dir, number)).await?;
            }
        }
        Ok(())
    }

    pub(super) fn provoke(&self, count: usize, fault: Fault) {
        locked(&self.faults).extend(std::iter::repeat_n(fault, count));
    }

    pub(super) fn set_pace(&self, pace: Duration) {
        *locked(&self.pace) = pace;
    }

    /// How long a client waits before it may say to whom the mail goes.
    pub(super) fn pace(&self) -> Duration {
        *locked(&self.pace)
    }

    pub(super) fn next_fault(&self) -> Option<Fault> {
        locked(&self.faults).pop_front()
    }
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:06}.eml"))
}

/// The envelope stands before the message, one header a line, so that a mail program opens the
/// file and [`read`] finds it again. A tab is in no address.
async fn write(
    dir: &Path,
    number: u64,
    envelope: &Envelope,
    received_at: DateTime<Utc>,
    raw: &[u8],
) -> std::io::Result<()> {
    let Envelope { from, to } = envelope;
    let trace = format!(
        "Return-Path: <{from}>\r\nDelivered-To: {}\r\nX-Received-At: {}\r\n",
        to.join("\t"),
        received_at.to_rfc3339(),
    );
    // Written aside, then renamed: a kill leaves a whole message or none.
    let aside = dir.join(format!("{number:06}.part"));
    let mut file = fs::File::create(&aside).await?;
    file.write_all(trace.as_bytes()).await?;
    file.write_all(raw).await?;
    file.sync_all().await?;
    fs::rename(&aside, path(dir, number)).await?;
    // The name is durable only when the directory is.
    fs::File::open(dir).await?.sync_all().await
}

async fn load(dir: &Path) -> anyhow::Result<BTreeMap<u64, Arc<Message>>> {
    fs::create_dir_all(dir).await?;
    let mut messages = BTreeMap::new();
    let mut entries = fs::read_dir(dir).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        if path.extension().is_none_or(|extension| extension != "eml") {
            continue;
        }
        let number = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        let message = match fs::read(&path).await {
            Ok(file) => number.and_then(|number| read(number, &file)),
            // Cleared while we looked.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error.into()),
        };
        let Some(message) = message else {
            tracing::warn!(path = %path.display(), "not a message of ours, left aside");
            continue;
        };
        messages.insert(message.number, Arc::new(message));
    }
    Ok(messages)
}

/// The inverse of [`write`].
fn read(number: u64, file: &[u8]) -> Option<Message> {
    let (from, rest) = header(file, "Return-Path: <")?;
    let (to, rest) = header(rest, "Delivered-To: ")?;
    let (received_at, raw) = header(rest, "X-Received-At: ")?;
    let envelope =
        Envelope { from: from.strip_suffix('>')?.to_owned(), to: to.split('\t').map(str::to_owned).collect() };
    let received_at = received_at.parse().ok()?;
    Some(Message::read(number, envelope, received_at, raw.to_vec()))
}

/// Takes one line that begins with `start` off the front.
fn header<'a>(file: &'a [u8], start: &str) -> Option<(&'a str, &'a [u8])> {
    let rest = file.strip_prefix(start.as_bytes())?;
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    let (value, rest) = rest.split_at(end);
    Some((std::str::from_utf8(value).ok()?, rest.strip_prefix(b"\r\n")?))
}
