//! Speaking to the API: an administrator who invites people, each of whom gets a mail.

use std::ops::Range;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use shared::testing::free_address;

use super::checker::address;
use super::size;
use super::world::World;
use crate::process::{Program, until};

const PASSWORD: &str = "correct horse battery staple";
/// For how long one invitation is asked for again and again.
const PATIENCE: Duration = Duration::from_secs(90);
/// Requests at a time: more where many are to be asked for while the same things go wrong.
fn hands() -> u32 {
    size(4, 12)
}

/// An API process.
pub(super) struct Api {
    pub(super) program: Program,
    pub(super) admin: Admin,
}

/// An administrator of a school, signed in.
#[derive(Clone)]
pub(super) struct Admin {
    base: String,
    email: String,
    /// It is good for a quarter of an hour.
    token: Arc<Mutex<String>>,
    http: Client,
}

/// How a series of invitations went.
#[derive(Debug, Default)]
pub(super) struct Invited {
    /// Requests that were not accepted, or of which the answer was lost.
    pub(super) troubles: u32,
    /// Of these, such as the API had answered with an error.
    pub(super) refused: u32,
    /// Of these, such as did not say when to come back: the status and the body.
    pub(super) untold: Vec<String>,
    /// Answers that the API had kept from an earlier try.
    pub(super) replayed: u32,
    /// How long each first try took, by the second in which it was made.
    pub(super) latencies: Vec<(u64, Duration)>,
}

enum Answer {
    Accepted {
        is_replay: bool,
    },
    Refused,
    /// An error that does not say when to come back.
    Untold(String),
    SignedOut,
    Lost,
}

impl Api {
    /// Starts one, with a superuser, a school and its administrator.
    pub(super) async fn start(world: &World) -> Self {
        let listen = free_address();
        let mut command = world.command("api", &["serve"]);
        command.env("API_LISTEN", listen.to_string()).env("PUBLIC_URL", format!("http://{listen}"));
        let program = Program::start(command, "API_INTERNAL_LISTEN");
        let email = "root@example.org";
        let mut command = world.command("api", &["create-superuser", "--email", email]);
        let made = command.env("SUPERUSER_PASSWORD", PASSWORD).stdout(Stdio::null()).status();
        assert!(made.is_ok_and(|status| status.success()), "no superuser");

        let http = Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
        let base = format!("http://{listen}");
        until("the API is ready", async || program.probe("/health/ready").await == Some(200)).await;
        let root = Admin::sign_in(&base, email, &http).await;
        root.must("/api/core/tenants/", &json!({"name": "Acme", "slug": "acme"})).await;
        let (email, role) = ("admin@example.org", "admin");
        let admin = json!({"email": email, "role": role, "password": PASSWORD, "tenant": "acme"});
        root.must("/api/users/", &admin).await;
        Self { program, admin: Admin::sign_in(&base, email, &http).await }
    }
}

impl Admin {
    async fn sign_in(base: &str, email: &str, http: &Client) -> Self {
        let (base, email, http) = (base.to_owned(), email.to_owned(), http.clone());
        let admin = Self { base, email, token: Arc::default(), http };
        admin.sign_in_again().await;
        admin
    }

    async fn sign_in_again(&self) {
        let answer = self.must("/api/auth/login/", &json!({"email": self.email, "password": PASSWORD})).await;
        answer["access"].as_str().expect("a token").clone_into(&mut self.token.lock().expect("no panic"));
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let token = self.token.lock().expect("no panic").clone();
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        if token.is_empty() { request } else { request.bearer_auth(token) }
    }

    async fn must(&self, path: &str, body: &Value) -> Value {
        let answer = self.post(path, body).send().await.unwrap_or_else(|error| panic!("{path}: {error}"));
        let status = answer.status();
        let text = answer.text().await.expect("a body");
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Invites somebody, under a key of their own: asked again, the API does it once.
    async fn invite(&self, number: u32) -> Answer {
        let somebody = json!({"email": address(number), "first_name": "Learner"});
        let request = self.post("/api/users/", &somebody);
        let request = request.header("Idempotency-Key", format!("invitation {number}"));
        let Ok(answer) = request.send().await else { return Answer::Lost };
        let status = answer.status();
        let is_replay = answer.headers().contains_key("idempotent-replayed");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok().map(str::to_owned));
        let says_when = header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok())
            && header("content-type").as_deref() == Some("application/problem+json");
        let Ok(text) = answer.text().await else { return Answer::Lost };
        match status {
            StatusCode::CREATED => Answer::Accepted { is_replay },
            StatusCode::UNAUTHORIZED => Answer::SignedOut,
            // Another try of the same is on its way still.
            StatusCode::CONFLICT if text.contains("request_in_progress") => Answer::Refused,
            StatusCode::SERVICE_UNAVAILABLE if says_when => Answer::Refused,
            status if status.is_server_error() => Answer::Untold(format!("{status} {text}")),
            other => panic!("inviting learner {number}: {other} {text}"),
        }
    }

    /// Invites people, evenly over a time; each until they are.
    pub(super) async fn invite_all(&self, numbers: Range<u32>, time: Duration) -> Invited {
        let begun = Instant::now();
        let gap = time / u32::try_from(numbers.len()).expect("few").max(1);
        let next = Arc::new(AtomicU32::new(0));
        let hands = (0..hands()).map(|_| {
            let (admin, next, numbers) = (self.clone(), Arc::clone(&next), numbers.clone());
            tokio::spawn(async move {
                let mut invited = Invited::default();
                loop {
                    let turn = next.fetch_add(1, Ordering::Relaxed);
                    let number = numbers.start + turn;
                    if number >= numbers.end {
                        return invited;
                    }
                    tokio::time::sleep_until((begun + gap * turn).into()).await;
                    admin.invite_surely(number, begun, &mut invited).await;
                }
            })
        });
        let mut all = Invited::default();
        for hand in hands.collect::<Vec<_>>() {
            let one = hand.await.expect("no panic");
            all.troubles += one.troubles;
            all.refused += one.refused;
            all.replayed += one.replayed;
            all.untold.extend(one.untold);
            all.latencies.extend(one.latencies);
        }
        all
    }

    async fn invite_surely(&self, number: u32, begun: Instant, invited: &mut Invited) {
        let asked = Instant::now();
        let mut answer = self.invite(number).await;
        invited.latencies.push((begun.elapsed().as_secs(), asked.elapsed()));
        loop {
            match answer {
                Answer::Accepted { is_replay } => {
                    invited.replayed += u32::from(is_replay);
                    return;
                }
                Answer::SignedOut => self.sign_in_again().await,
                Answer::Refused => {
                    invited.refused += 1;
                    invited.troubles += 1;
                }
                Answer::Untold(what) => {
                    invited.refused += 1;
                    invited.troubles += 1;
                    invited.untold.push(what);
                }
                Answer::Lost => invited.troubles += 1,
            }
            assert!(asked.elapsed() < PATIENCE, "learner {number} cannot be invited");
            tokio::time::sleep(Duration::from_millis(100)).await; // between two questions
            answer = self.invite(number).await;
        }
    }
}

impl Invited {
    /// The slowest of a hundred requests, in a usual second between `from` and `to`: seconds in which
    /// the machine was busy with something else do not count.
    pub(super) fn usual_p99(&self, from: u64, to: u64) -> Duration {
        let mut seconds: Vec<Duration> = (from..to)
            .filter_map(|second| {
                let mut of_second: Vec<Duration> =
                    self.latencies.iter().filter(|(at, _)| *at == second).map(|(_, took)| *took).collect();
                of_second.sort();
                of_second.get((of_second.len() * 99).div_ceil(100).checked_sub(1)?).copied()
            })
            .collect();
        seconds.sort();
        seconds[seconds.len() / 2]
    }
}
