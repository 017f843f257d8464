//! The API under measurement: a process of ours, and somebody who calls it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use super::log::StatementLog;
use super::scenario::Scenario;

/// The demo data's password, and its first tenant.
const PASSWORD: &str = "password123";
const ADMIN: &str = "admin@acme.local";

/// A running API.
pub(super) struct Api {
    process: Child,
    url: String,
    http: Client,
}

/// Who makes the load: the learners of one tenant.
pub(super) struct People {
    pub(super) tenant: String,
    pub(super) tokens: Vec<String>,
}

impl Api {
    /// Starts it, and says how long it took until it was ready.
    pub(super) async fn start(program: &Path, url: &str) -> anyhow::Result<(Self, Duration)> {
        let began = Instant::now();
        let process = Command::new(program)
            .arg("serve")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} does not start", program.display()))?;
        let api = Self { process, url: url.to_owned(), http: Client::new() };
        let ready = format!("{url}/health/ready");
        while !api.http.get(&ready).send().await.is_ok_and(|answer| answer.status() == StatusCode::OK) {
            if began.elapsed() > Duration::from_secs(30) {
                bail!("the API is not ready after half a minute");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok((api, began.elapsed()))
    }

    /// Stops it as an operator would.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.process.id().context("the API has ended by itself")?;
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        self.process.wait().await?;
        Ok(())
    }

    /// Its resident memory, as Linux counts it.
    pub(super) fn resident_mib(&self) -> anyhow::Result<f64> {
        let pid = self.process.id().context("the API has ended by itself")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
        Ok(kib / 1024.0)
    }

    /// Signs the learners in.
    pub(super) async fn learners(&self) -> anyhow::Result<People> {
        let admin = self.sign_in(ADMIN).await?;
        let me = self.get("/api/users/me/", &admin).await?;
        let tenant = me.pointer("/tenant/id").or(me.get("tenant")).and_then(Value::as_str).context("a tenant")?;
        let users = self.get("/api/users/?role=learner&page_size=200", &admin).await?;
        let mut tokens = Vec::new();
        for user in results(&users)? {
            let email = user.get("email").and_then(Value::as_str).context("an address")?;
            tokens.push(self.sign_in(email).await?);
        }
        Ok(People { tenant: tenant.to_owned(), tokens })
    }

    async fn sign_in(&self, email: &str) -> anyhow::Result<String> {
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self.call(&Method::POST, "/api/auth/login/", None, Some(&body)).await?;
        Ok(answer.get("access").and_then(Value::as_str).context("a token")?.to_owned())
    }

    pub(super) async fn get(&self, path: &str, token: &str) -> anyhow::Result<Value> {
        self.call(&Method::GET, path, Some(token), None).await
    }

    async fn call(
        &self,
        method: &Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let mut request = self.http.request(method.clone(), format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{method} {path}: {status} {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }

    /// Sends each call of a scenario, one after the other.
    pub(super) async fn send(&self, scenario: &Scenario) -> anyhow::Result<()> {
        for (token, body) in &scenario.calls {
            self.call(&scenario.method, scenario.path, Some(token), body.as_ref()).await?;
        }
        Ok(())
    }

    /// The same, and which statements each of them sent.
    pub(super) async fn record(&self, scenario: &Scenario, log: &StatementLog) -> anyhow::Result<Vec<Vec<String>>> {
        let mut recorded = Vec::new();
        for (token, body) in &scenario.calls {
            let position = log.position()?;
            self.call(&scenario.method, scenario.path, Some(token), body.as_ref()).await?;
            recorded.push(log.since(position)?);
        }
        Ok(recorded)
    }
}

/// The rows of a list.
pub(super) fn results(list: &Value) -> anyhow::Result<&[Value]> {
    Ok(list.get("results").and_then(Value::as_array).context("a list")?)
}
