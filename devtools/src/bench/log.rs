//! What PostgreSQL was asked, read from its log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tokio_postgres::{Client, NoTls};

use super::script;

/// PostgreSQL's log, and the switch that has statements written to it.
pub(super) struct StatementLog {
    client: Client,
    path: PathBuf,
}

impl StatementLog {
    pub(super) async fn open(owner_url: &str, path: &Path) -> anyhow::Result<Self> {
        let (client, connection) = tokio_postgres::connect(owner_url, NoTls).await?;
        tokio::spawn(connection);
        Ok(Self { client, path: path.to_owned() })
    }

    /// Has every statement logged, with the process that runs it.
    pub(super) async fn start(&self) -> anyhow::Result<()> {
        self.set("log_line_prefix", "'<%p> '").await?;
        self.set("log_statement", "'all'").await
    }

    pub(super) async fn stop(&self) -> anyhow::Result<()> {
        self.set("log_statement", "'none'").await
    }

    /// Returns when the sessions that are there have it too.
    async fn set(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.client.batch_execute(&format!("alter system set {name} = {value}")).await?;
        self.client.batch_execute("select pg_reload_conf()").await?;
        // They look at it before their next statement.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        Ok(())
    }

    /// Where the log ends now.
    pub(super) fn position(&self) -> anyhow::Result<u64> {
        Ok(std::fs::metadata(&self.path)?.len())
    }

    /// The statements of the request that was answered since.
    pub(super) fn since(&self, position: u64) -> anyhow::Result<Vec<String>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(position))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        script::of_request(&text)
    }
}
