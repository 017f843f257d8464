//! Shell commands that stand in documents, run as a reader would.

use std::path::Path;

use tokio::process::Command;

use super::servers::Platform;

/// The shell commands of a section of a document, block by block.
pub(super) fn commands(document: &str, section: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document);
    let text = std::fs::read_to_string(path).expect("the document");
    let (_, from) = text.split_once(&format!("## {section}\n")).expect("the section");
    let text = from.split("\n## ").next().unwrap_or_default();
    text.split("```bash\n").skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

/// What the commands print, run against this platform. A call that is refused fails them all.
pub(super) async fn run(platform: &Platform, commands: &str) -> String {
    let strict = "set -euo pipefail\ncurl() { command curl --silent --fail-with-body --show-error \"$@\"; }\n";
    let script = format!("{strict}{}", commands.replace("http://localhost:8000", &platform.base));
    let output = Command::new("bash").args(["-c", &script]).output().await.expect("bash");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{script}\n{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}
