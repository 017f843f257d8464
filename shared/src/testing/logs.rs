//! What is logged, for tests that read it.

use std::io;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::telemetry::discreet;

/// Everything that this process logs.
#[derive(Debug, Clone, Default)]
pub struct Logs(Arc<Mutex<Vec<u8>>>);

impl io::Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Logs {
    /// Begins to keep what is logged, as far as these directives of `RUST_LOG` ask for it. Once in a
    /// process.
    pub fn keep(directives: &str) -> Self {
        let logs = Self::default();
        let sink = logs.clone();
        tracing_subscriber::registry()
            .with(EnvFilter::new(directives))
            .with(discreet())
            .with(tracing_subscriber::fmt::layer().with_ansi(false).with_writer(move || sink.clone()))
            .try_init()
            .expect("nobody else keeps logs");
        logs
    }

    /// What was logged until now.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().expect("nobody panicked")).into_owned()
    }

    /// The lines in which a secret stands, in one of the forms in which one could be written down.
    pub fn lines_with(&self, secret: &str) -> Vec<String> {
        let bytes: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
        let forms = [
            secret.to_owned(),
            hex::encode(secret),
            BASE64_STANDARD_NO_PAD.encode(secret),
            BASE64_URL_SAFE_NO_PAD.encode(secret),
            // As Rust shows a list of bytes.
            bytes.join(", "),
        ];
        let text = self.text();
        let tells = |line: &&str| forms.iter().any(|form| line.contains(form.as_str()));
        text.lines().filter(tells).map(str::to_owned).collect()
    }
}
