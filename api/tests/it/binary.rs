//! The program itself: how it starts, refuses to, and stops.

use std::process::Stdio;
use std::time::{Duration, Instant};

use secrecy::SecretString;
use shared::secret::Vault;
use shared::telemetry::measures::{Program, of};
use shared::testing::{TestDb, deployment, make, series_at_zero};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// After this a program that is not ready is a fault.
const PATIENCE: Duration = Duration::from_secs(40);

fn api(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_api"));
    command
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .kill_on_drop(true)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // No `.env` of a developer's must be found.
    command.current_dir(std::env::temp_dir());
    command
}

fn variables(db: &TestDb) -> Vec<(&'static str, String)> {
    [
        ("LMS_ENV", "development"),
        ("DATABASE_URL", db.url.as_str()),
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("AWS_STORAGE_BUCKET_NAME", "lms"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test-secret"),
        ("API_LISTEN", "127.0.0.1:0"),
        ("API_INTERNAL_LISTEN", "127.0.0.1:0"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// Starts the server and waits for the line that says where it listens: for people, and for operators.
async fn serving(variables: &[(&'static str, String)]) -> (Child, [String; 2]) {
    let pairs: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut child = api(&["serve"], &pairs).spawn().expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let addresses = loop {
        let line = lines.next_line().await.expect("a line").expect("it goes on");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        if line["message"] == "Serving" {
            break ["address", "internal"].map(|field| line[field].as_str().expect("an address").to_owned());
        }
    };
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, addresses)
}

/// A check has a second, and the first one waits for connections: ask as orchestrators do.
async fn is_ready(address: &str) {
    let begun = Instant::now();
    while let Err(error) = shared::telemetry::ask_readiness(address).await {
        assert!(begun.elapsed() < PATIENCE, "{error:#}");
        tokio::time::sleep(Duration::from_millis(50)).await; // between two questions
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_cleanly_on_either_signal() {
    let db = TestDb::lease().await;
    for signal in ["TERM", "INT"] {
        let (mut child, [address, _]) = serving(&variables(&db)).await;
        is_ready(&address).await;
        let id = child.id().expect("it runs").to_string();
        Command::new("kill").args(["-s", signal, &id]).status().await.expect("told");
        let status =
            tokio::time::timeout(Duration::from_secs(10), child.wait()).await.expect("in time").expect("a status");
        assert!(status.success(), "{signal}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_runs_without_redis() {
    let db = TestDb::lease().await;
    let (_child, [address, _]) = serving(&variables(&db)).await;
    is_ready(&address).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn production_refuses_the_secrets_of_development_and_names_each() {
    let db = TestDb::lease().await;
    let mut variables = variables(&db);
    variables[0].1 = "production".to_owned();
    variables.push(("JWT_SECRET_KEY", "short".to_owned()));
    let pairs: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let output = api(&["serve"], &pairs).output().await.expect("an end");

    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("SECRET_KEY: production needs") && said.contains("JWT_SECRET_KEY: shorter than 32"),
        "{said}"
    );
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_seals_anew_what_former_keys_sealed_and_says_so() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let old = "the-old-secret-key-of-thirty-two-bytes";
    let vault = Vault::new(&SecretString::from(old), &[]).expect("a vault");
    make::sso_configuration_under(&db, tenant, &vault).await;
    let run = async |fallbacks: &str| {
        let mut variables = variables(&db);
        variables.push(("SECRET_KEY", "the-new-secret-key-of-thirty-two-bytes".to_owned()));
        variables.push(("SECRET_KEY_FALLBACKS", fallbacks.to_owned()));
        let pairs: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let output = api(&["reseal"], &pairs).output().await.expect("an end");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned()).concat();
        assert!(!said.contains("secret-key-of-thirty-two-bytes"), "{said}");
        (output.status.code(), said)
    };
    for (fallbacks, code, says) in [
        ("a-wrong-secret-key-of-thirty-two-bytes", 1, "0 sealed anew, 0 as they should be, 1 cannot be opened"),
        (old, 0, "1 sealed anew, 0 as they should be, 0 cannot be opened"),
        ("", 0, "0 sealed anew, 1 as they should be, 0 cannot be opened"),
    ] {
        let (ended, said) = run(fallbacks).await;
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(&format!("sso_configurations.oauth_client_secret: {says}")), "{said}");
    }
}

/// Workers of the release before may meet one of the new kinds before a new worker has started.
#[tokio::test(flavor = "multi_thread")]
async fn to_migrate_is_to_say_which_kinds_of_job_the_release_knows() {
    let db = TestDb::lease().await;
    let mut variables = variables(&db);
    variables.push(("DATABASE_OWNER_URL", db.owner_url.clone()));
    let pairs: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let output = api(&["migrate"], &pairs).output().await.expect("an end");

    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut known = db.texts("select kind || ' ' || version as text from job_kinds").await;
    let mut all: Vec<String> =
        shared::kinds::ALL.iter().map(|kind| format!("{} {}", kind.name, kind.version)).collect();
    known.sort();
    all.sort();
    assert_eq!(known, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_all_that_is_missing_at_once() {
    let output = api(&["serve"], &[]).output().await.expect("an end");
    let said = String::from_utf8_lossy(&output.stderr);
    for name in
        ["DATABASE_URL", "REDIS_URL", "AWS_STORAGE_BUCKET_NAME", "AWS_ACCESS_KEY_ID", "SECRET_KEY", "JWT_SECRET_KEY"]
    {
        assert!(said.contains(&format!("{name}: ")), "{name} is not named in: {said}");
    }
}

#[test]
fn the_example_of_an_environment_lists_what_is_read() {
    let mut env = shared::config::Env::default();
    let _ = api::config::Config::read(&mut env);
    let listed = deployment::variables_of_the_example();
    let forgotten: Vec<_> = env.asked().filter(|name| !listed.iter().any(|known| known == name)).collect();
    assert!(forgotten.is_empty(), "{forgotten:?} are read, and not in .env.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_knows_every_command_by_which_people_deploy_it() {
    let starts = deployment::starts_of("api");
    for wanted in ["serve", "migrate", "health"] {
        assert!(starts.iter().any(|(_, arguments)| arguments == &[wanted]), "nobody says `api {wanted}`: {starts:?}");
    }
    for (place, arguments) in starts {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--help"]).collect();
        let output = api(&arguments, &[]).output().await.expect("an end");
        assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_exports_what_is_listed_and_how_hard_queues_press() {
    let db = TestDb::lease().await;
    let (_child, [address, internal]) = serving(&variables(&db)).await;
    let ask = async |url: String| reqwest::get(url).await.expect("an answer").text().await.expect("a text");
    is_ready(&address).await;

    let text = ask(format!("http://{internal}/metrics")).await;

    let missing: Vec<String> =
        series_at_zero(Program::Api).filter(|line| !text.lines().any(|found| found == line)).collect();
    assert_eq!(missing, Vec::<String>::new(), "{text}");
    // It may lead the relay, and then buries what workers have died of.
    assert!(text.contains("job_attempts_total{kind=\"users.send_invitation\",outcome=\"dead\"} 0"), "{text}");
    let exported: Vec<&str> =
        text.lines().filter_map(|line| Some(line.strip_prefix("# TYPE ")?.split_once(' ')?.0)).collect();
    for name in &exported {
        assert!(of(Program::Api).any(|measure| measure.name == *name), "{name} is not in the list of what is measured");
    }
    for name in [
        "http_requests_total",
        "http_request_duration_seconds",
        "live_streams",
        "relay_leader",
        "db_pool_callers_waiting",
    ] {
        assert!(exported.contains(&name), "{name} is not exported: {text}");
    }
    let figure = ask(format!("http://{internal}/internal/scale/within_1h")).await;
    let figure: serde_json::Value = serde_json::from_str(&figure).expect("JSON");
    assert_eq!(figure, serde_json::json!({"value": 0.0, "ready": 0, "running": 0}));
}
