//! The release binaries and their neighbours, for one test.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::auth::Passwords;
use devtools::mail::{MailSink, Message};
use devtools::s3::S3Server;
use reqwest::{Client, Method, StatusCode};
use serde_json::json;
use shared::ids::{CourseId, TenantId, UserId};
use shared::testing::{TestDb, free_address, make};
use shared::users::UserRole;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use uuid::Uuid;

use super::learner::Learner;

const PASSWORD: &str = "correct horse battery staple";
const ANYWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// The platform, as an operator runs it: an API and a worker in production's mode.
pub(super) struct Platform {
    pub(super) mail: MailSink,
    pub(super) base: String,
    http: Client,
    /// The API, then the worker.
    processes: [Child; 2],
    _s3: S3Server,
    _files: TempDir,
    _db: TestDb,
}

impl Platform {
    /// Starts it all over a database that has people in it, and waits until the API is ready.
    pub(super) async fn start(db: TestDb) -> Self {
        let files = tempfile::tempdir().expect("a folder");
        let anywhere = SocketAddr::from(ANYWHERE);
        let s3 = S3Server::start(anywhere, files.path(), "access", "secret", &["lms"]).await.expect("a store");
        let mail = MailSink::start(anywhere, None).await.expect("a mail server");

        let listen = free_address();
        let base = format!("http://{listen}");
        let variables = variables(&db, &s3, &mail, &base, &listen.to_string());
        let processes = [run("api", &["serve"], &variables), run("worker", &[], &variables)];
        let platform = Self { mail, base, http: Client::new(), processes, _s3: s3, _files: files, _db: db };
        platform.is_ready().await;
        platform
    }

    async fn is_ready(&self) {
        let begun = Instant::now();
        loop {
            let answer = self.http.get(format!("{}/health/ready", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status() == StatusCode::OK) {
                return;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the API is not ready");
            tokio::time::sleep(Duration::from_millis(20)).await; // between two questions
        }
    }

    /// The most memory that the API has had, in bytes; nothing where the system does not tell, as on macOS.
    pub(super) fn api_peak(&self) -> Option<u64> {
        let [api, _] = &self.processes;
        let status = std::fs::read_to_string(format!("/proc/{}/status", api.id().expect("it runs"))).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
        Some(peak.trim().trim_end_matches(" kB").parse::<u64>().expect("a number") * 1024)
    }

    /// Nobody in particular.
    pub(super) fn stranger(&self) -> Learner {
        Learner { name: "a stranger".to_owned(), base: self.base.clone(), token: None, http: self.http.clone() }
    }

    /// Somebody of the tests, signed in.
    pub(super) async fn sign_in(&self, email: &str) -> Learner {
        self.enter(email, PASSWORD).await
    }

    /// Somebody, signed in with this password.
    pub(super) async fn enter(&self, email: &str, password: &str) -> Learner {
        let mut learner = self.stranger();
        let body = json!({"email": email, "password": password});
        let (status, answer) = learner.send(Method::POST, "/api/auth/login/", body).await;
        assert_eq!(status, StatusCode::OK, "{email}: {answer}");
        learner.token = Some(answer["access"].as_str().expect("a token").to_owned());
        email.clone_into(&mut learner.name);
        learner
    }

    /// The mail with this subject.
    pub(super) async fn mail_about(&self, subject: &str) -> Arc<Message> {
        let find = |mails: &[Arc<Message>]| mails.iter().find(|mail| mail.subject == subject).cloned();
        self.mail.wait_until(Duration::from_secs(60), find).await.expect("a mail")
    }
}

/// Acme, where Alice takes Tom's course and Uma teaches another; and Globex, where Bob learns.
pub(super) struct School {
    /// The course that Alice takes.
    pub(super) course: CourseId,
    pub(super) alice: UserId,
}

/// Makes the two schools.
pub(super) async fn school(db: &TestDb) -> School {
    let hash = Passwords::new().hash(PASSWORD.to_owned()).await.expect("a hash");
    let (acme, globex) = (make::tenant(db).await.id, make::tenant(db).await.id);
    let person = |tenant: TenantId, role, email: &str, first: &str, last: &str| {
        make::user(tenant).role(role).email(email).name(first, last).password_hash(&hash)
    };
    let alice = person(acme, UserRole::Learner, "alice@acme.example", "Alice", "Williams").make(db).await;
    person(acme, UserRole::Admin, "admin@acme.example", "Ada", "Admin").make(db).await;
    let tom = person(acme, UserRole::Instructor, "tom@acme.example", "Tom", "Teacher").make(db).await;
    let uma = person(acme, UserRole::Instructor, "uma@acme.example", "Uma", "Umber").make(db).await;
    person(globex, UserRole::Learner, "bob@globex.example", "Bob", "Brown").make(db).await;

    let course = make::course(acme).title("Knots").owned_by(&tom).published().with_modules(2, 2).make(db).await;
    make::course(acme).title("Splices").owned_by(&uma).published().with_modules(1, 1).make(db).await;
    make::course(acme).title("Drafts").owned_by(&tom).make(db).await;
    School { course: course.id, alice: alice.id }
}

fn variables(db: &TestDb, s3: &S3Server, mail: &MailSink, base: &str, listen: &str) -> Vec<(&'static str, String)> {
    let redis = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL names a Redis; `./lms test` starts one");
    vec![
        ("LMS_ENV", "production".to_owned()),
        ("RUST_LOG", "warn".to_owned()),
        ("SECRET_KEY", format!("{}{}", Uuid::new_v4(), Uuid::new_v4())),
        ("JWT_SECRET_KEY", format!("{}{}", Uuid::new_v4(), Uuid::new_v4())),
        ("DATABASE_URL", db.url.clone()),
        ("REDIS_URL", redis),
        ("REDIS_NAMESPACE", format!("test:{}", Uuid::new_v4())),
        ("AWS_S3_ENDPOINT_URL", s3.endpoint()),
        ("AWS_STORAGE_BUCKET_NAME", "lms".to_owned()),
        ("AWS_ACCESS_KEY_ID", "access".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ("EMAIL_HOST", mail.address().ip().to_string()),
        ("EMAIL_PORT", mail.address().port().to_string()),
        ("DEFAULT_FROM_EMAIL", "LMS <lms@acme.example>".to_owned()),
        ("PUBLIC_URL", base.to_owned()),
        ("FRONTEND_URL", "https://learn.acme.example".to_owned()),
        ("API_LISTEN", listen.to_owned()),
        ("API_INTERNAL_LISTEN", "127.0.0.1:0".to_owned()),
        ("WORKER_INTERNAL_LISTEN", "127.0.0.1:0".to_owned()),
    ]
}

/// Starts a release binary, with nothing of this process' environment.
fn run(name: &str, arguments: &[&str], variables: &[(&'static str, String)]) -> Child {
    let folder = std::env::var_os("LMS_RELEASE_BIN")
        .expect("LMS_RELEASE_BIN names the folder of the release binaries; `./lms test` builds them");
    Command::new(PathBuf::from(folder).join(name))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (*name, value.as_str())))
        // Not the folder of a developer's `.env`.
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{name} does not start: {error}"))
}
