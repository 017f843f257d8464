//! The README's commands do what it says: they are taken from it and run, as a reader would.

use std::process::Stdio;
use std::time::{Duration, Instant};

use api::auth::Passwords;
use chrono::Utc;
use serde_json::Value;
use shared::testing::{TestDb, free_address};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::learner::Learner;
use super::servers::Platform;
use super::shell::{commands, run};

/// The items that Alice has still to do.
async fn items(alice: &Learner) -> Vec<String> {
    let modules = alice.get("/api/courses/ux-design-principles/modules/").await;
    let modules = modules["results"].as_array().expect("modules").clone();
    let items = modules.iter().flat_map(|module| module["content_items"].as_array().expect("items").clone());
    items.filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tour_of_the_readme_ends_in_a_certificate() {
    let db = TestDb::lease().await;
    let hash = Passwords::new().hash("password123".to_owned()).await.expect("a hash");
    shared::demo::seed(&db.pool, &hash, &shared::testing::make::vault(), Utc::now()).await.expect("seeded");
    let platform = Platform::start(db).await;

    let first_call = commands("README.md", "Run it").pop().expect("the first call");
    let answer: Value = serde_json::from_str(&run(&platform, &first_call).await).expect("JSON");
    let mut alice = platform.stranger();
    alice.token = Some(answer["access"].as_str().expect("a token").to_owned());

    let tour = commands("README.md", "A learner's journey").concat();
    let (sign_in, _) = tour.split_once("\n\n").expect("signing in comes first");
    let done = tour.split("\n\n").find(|part| part.contains("/progress/")).expect("a part about progress");
    let mark = done.split_once("curl -s -X POST").expect("a call").1;
    let certificates = alice.get("/api/certificates/my/").await["count"].clone();
    let items = items(&alice).await;
    let said = run(&platform, &tour.replace("<id of an item>", &items[0])).await;
    assert!(said.contains("UX Design Principles") && said.contains("\"COMPLETED\""), "{said}");
    for item in &items {
        run(&platform, &format!("{sign_in}\ncurl -s -X POST{}", mark.replace("<id of an item>", item))).await;
    }
    let certificate = alice
        .until("the course earns a certificate", "/api/certificates/my/", |list| {
            (list["count"] != certificates).then(|| list["results"][0].clone())
        })
        .await;
    assert_eq!(certificate["course_title"], "UX Design Principles", "{certificate}");
}

/// A line for operators, in a shell that finds the release's programs.
fn operate(db: &TestDb, line: &str, internal: &str) -> Child {
    let folder = std::env::var("LMS_RELEASE_BIN")
        .expect("LMS_RELEASE_BIN names the folder of the release binaries; `./lms test` builds them");
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    let redis = std::env::var("TEST_REDIS_URL").expect("TEST_REDIS_URL names a Redis; `./lms test` starts one");
    let namespace = format!("test:{}", uuid::Uuid::new_v4());
    let mut shell = Command::new("bash");
    shell.args(["-c", &format!("exec {line}")]).env_clear().envs([
        ("PATH", path.as_str()),
        ("LMS_ENV", "development"),
        ("RUST_LOG", "warn"),
        ("DATABASE_URL", db.url.as_str()),
        ("REDIS_URL", redis.as_str()),
        ("REDIS_NAMESPACE", namespace.as_str()),
        ("AWS_STORAGE_BUCKET_NAME", "lms"),
        ("AWS_ACCESS_KEY_ID", "access"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("WORKER_INTERNAL_LISTEN", internal),
    ]);
    // Not the folder of a developer's `.env`.
    shell.current_dir(std::env::temp_dir()).kill_on_drop(true);
    shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell.spawn().expect("bash")
}

/// What a command says that is given a line to read.
async fn said(mut child: Child, typed: &str) -> String {
    child.stdin.take().expect("its input").write_all(typed.as_bytes()).await.expect("typed");
    let output = child.wait_with_output().await.expect("an end");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn each_command_of_the_readme_for_operators_does_what_it_says() {
    let db = TestDb::lease().await;
    let block = commands("README.md", "Operate it").concat();
    let lines: Vec<&str> = block.lines().collect();
    let [work, superuser, seed] = lines[..] else { panic!("other commands than those that are tried here: {block}") };
    let internal = free_address().to_string();

    assert!(work.starts_with("worker --queues within_5s=20,within_1m=10"), "{work}");
    let mut worker = operate(&db, work, &internal);
    let begun = Instant::now();
    let served = async || reqwest::get(format!("http://{internal}/metrics")).await.ok()?.text().await.ok();
    while !served().await.is_some_and(|text| text.contains("\nqueues_served 2\n")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not serve two queues: {:?}", served().await);
        tokio::time::sleep(Duration::from_millis(50)).await; // between two questions
    }
    Command::new("kill").args(["-TERM", &worker.id().expect("it runs").to_string()]).status().await.expect("told");
    assert!(worker.wait().await.expect("an end").success());

    let made = said(operate(&db, superuser, &internal), "correct horse battery staple\n").await;
    assert!(made.contains("you@example.org may sign in as a superuser"), "{made}");
    assert_eq!(db.texts("select email as text from users where tenant_id is null").await, ["you@example.org"]);

    assert!(seed.starts_with("api seed-demo-data --clear"), "{seed}");
    // The second time it clears what the first has made, and what became of it since.
    for _ in 0..2 {
        let seeded = said(operate(&db, seed, &internal), "").await;
        assert!(seeded.contains("acme: 16 users, 3 groups, 6 courses"), "{seeded}");
        assert_eq!(db.texts("select name as text from tenants where slug = 'acme'").await, ["Acme Learning"]);
        let changed = "update tenants set name = 'Changed' where slug = 'acme' returning name as text";
        assert_eq!(db.texts(changed).await, ["Changed"]);
    }
}
