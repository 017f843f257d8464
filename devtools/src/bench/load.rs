//! Running the programs that make load, and reading what they found.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::process::Command;

use super::scenario::Scenario;

/// pgbench, with as many connections as the API has.
pub(super) struct Pgbench<'a> {
    pub(super) program: &'a Path,
    pub(super) url: &'a str,
    pub(super) clients: u32,
}

impl Pgbench<'_> {
    /// Scripts run each second, one drawn after the other, in the role and tenant that the API's
    /// connections have.
    pub(super) async fn run(&self, scripts: &[PathBuf], tenant: &str, seconds: u32) -> anyhow::Result<f64> {
        let mut command = Command::new(self.program);
        command
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={}", self.clients))
            .arg(format!("--time={seconds}"))
            .env("PGOPTIONS", format!("-c role=lms_app -c app.tenant_id={tenant}"));
        for script in scripts {
            command.arg("--file").arg(script);
        }
        let output = command.arg(self.url).output().await.with_context(|| self.program.display().to_string())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let told = said.lines().find_map(|line| line.strip_prefix("tps = "));
        let Some(figure) = told.filter(|_| output.status.success()) else {
            bail!("pgbench: {said}{}", String::from_utf8_lossy(&output.stderr));
        };
        Ok(figure.split_whitespace().next().unwrap_or_default().parse()?)
    }
}

/// wrk, which takes little of the machine itself.
pub(super) struct Wrk<'a> {
    pub(super) program: &'a Path,
    pub(super) connections: u32,
}

/// What a load has shown.
pub(super) struct Load {
    pub(super) requests_per_second: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Answers that were none of success, and requests that had none.
    pub(super) refused: u64,
}

impl Wrk<'_> {
    pub(super) async fn run(
        &self,
        folder: &Path,
        url: &str,
        scenario: &Scenario,
        seconds: u32,
    ) -> anyhow::Result<Load> {
        let script = folder.join("load.lua");
        std::fs::write(&script, lua(scenario)?)?;
        let output = Command::new(self.program)
            .args(["--threads=2", &format!("--connections={}", self.connections), &format!("--duration={seconds}s")])
            .arg("--script")
            .arg(&script)
            .arg(format!("{url}{}", scenario.path))
            .output()
            .await
            .with_context(|| self.program.display().to_string())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let figures = said.lines().find_map(|line| line.strip_prefix("figures "));
        let figures: Vec<f64> = figures
            .with_context(|| format!("wrk: {said}{}", String::from_utf8_lossy(&output.stderr)))?
            .split_whitespace()
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let [requests_per_second, p50_ms, p99_ms, refused] = figures[..] else { bail!("wrk: {said}") };
        Ok(Load { requests_per_second, p50_ms, p99_ms, refused: format!("{refused:.0}").parse()? })
    }
}

/// wrk's script: the calls in turn, and the figures on one line. JSON is a literal of Lua when it is
/// in long brackets.
fn lua(scenario: &Scenario) -> anyhow::Result<String> {
    let mut text = String::from("local calls = {\n");
    for (token, body) in &scenario.calls {
        let body = body.as_ref().map_or_else(|| "nil".to_owned(), |body| format!("[==[{body}]==]"));
        writeln!(text, "  {{ \"{token}\", {body} }},")?;
    }
    write!(
        text,
        r#"}}
local turn = math.random(#calls)
function request()
  turn = turn % #calls + 1
  local call = calls[turn]
  local headers = {{ ["Authorization"] = "Bearer " .. call[1], ["Content-Type"] = "application/json" }}
  return wrk.format("{}", nil, headers, call[2])
end
function done(summary, latency)
  local errors = summary.errors
  print(string.format("figures %f %f %f %d", summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
"#,
        scenario.method
    )?;
    Ok(text)
}
