//! The page for operators, in a real browser, on the worker's binary.

mod browser;
mod limits;

use serde_json::json;
use shared::ids::{JobId, TenantId};
use shared::jobs::enqueue;
use shared::testing::{TestDb, make};
use worker::rehearsal::{Nothing, Sleep};

use crate::process::{Worker, until};
use browser::{Browser, ENTER, ESCAPE};

/// What an error may say when somebody means harm.
const HOSTILE: &str = "<img src=x onerror=\"window.owned = true\"></pre><script>window.owned = true</script>";

/// A worker, and where its page is.
struct Stage {
    _worker: Worker,
    tenant: TenantId,
    url: String,
    /// The last to go: until then nobody else has it.
    db: TestDb,
}

impl Stage {
    async fn set() -> Self {
        let db = TestDb::lease().await;
        let tenant = make::tenant(&db).await.id;
        let worker = Worker::start(&db, &["--queues", "within_1m=2"], &[]);
        let stage = Self { db, tenant, url: format!("http://{}", worker.internal()), _worker: worker };
        until("the page is there", async || {
            reqwest::get(format!("{}/ops/now", stage.url)).await.is_ok_and(|page| page.status() == 200)
        })
        .await;
        until("the schedules are written", async || {
            !stage.db.texts("select name as text from job_schedules").await.is_empty()
        })
        .await;
        stage
    }

    /// A job that has died of what `error` says. In a queue that no worker here serves.
    async fn died(&self, class: &str, error: &str) -> JobId {
        let id = enqueue(&mut *self.db.tenant(self.tenant).await, &Nothing { tenant: self.tenant })
            .await
            .expect("asked")
            .id();
        let death = format!(
            "update jobs set state = 'dead', queue = 'within_1h', attempt = 10, finished_at = now(), error_class = '{class}',
                last_error = $error${error}$error$ where id = '{id}' returning '' as text"
        );
        self.db.texts(&death).await;
        id
    }

    /// A job that runs, and tells how far it is. Stopped for its time, it is there again a second later.
    async fn runs(&self) -> JobId {
        let id =
            enqueue(&mut *self.db.tenant(self.tenant).await, &Sleep { tenant: self.tenant, milliseconds: 120_000 })
                .await
                .expect("asked")
                .id();
        until("it runs", async || self.state(id).await == "running").await;
        self.db
            .texts(&format!(
                "update jobs set progress = 42, progress_note = '{HOSTILE}' where id = '{id}' returning '' as text"
            ))
            .await;
        id
    }

    async fn state(&self, id: JobId) -> String {
        self.db.texts(&format!("select state::text as text from jobs where id = '{id}'")).await.concat()
    }

    async fn is_held(&self, queue: &str) -> bool {
        let held = format!("select queue as text from job_queues where queue = '{queue}' and paused_at is not null");
        !self.db.texts(&held).await.is_empty()
    }

    async fn look(&self, switches: &[&str]) -> Browser {
        let browser = Browser::open(switches).await;
        browser.page.goto(&format!("{}/ops/", self.url)).await.expect("the page");
        browser
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sees_everything_live_and_nothing_that_is_shown_is_obeyed() {
    let stage = Stage::set().await;
    let running = stage.runs().await;
    stage.died(&HOSTILE.replace('\'', ""), HOSTILE).await;
    let browser = stage.look(&[]).await;

    browser.until("document.querySelectorAll('#queues article').length === 4").await;
    // The worker tells of itself and of its schedules in its own time.
    let running = running.to_string();
    for shown in [
        "within_5s",
        "within_1h",
        "rehearsal.sleep",
        &running,
        "42 %",
        "rehearsal.nothing",
        "jobs.prune",
        "working",
        "<img src=x",
    ] {
        browser.until(&format!("document.body.innerText.includes('{shown}')")).await;
    }
    browser.until("document.querySelectorAll('#workers tbody tr').length === 1").await;

    // Without a reload, and what was opened stays open.
    browser.click("#dead details summary").await;
    browser.until("document.querySelectorAll('#dead details[open]').length === 1").await;
    stage.died("timeout", "the other side did not answer").await;
    browser.until("document.querySelectorAll('#dead li').length === 2").await;
    assert_eq!(browser.ask("return document.querySelectorAll('#dead details[open]').length").await, json!(1));
    browser.picture("light").await;
    assert_eq!(browser.ask("return window.owned ?? null").await, json!(null), "what was shown was obeyed");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_held_and_let_go_by_the_keyboard_alone() {
    let stage = Stage::set().await;
    let browser = stage.look(&[]).await;
    browser.until("document.getElementById('pause-within_1h')").await;

    browser.tab_to("pause-within_1h").await;
    browser.press(ENTER).await;
    browser.until("document.getElementById('sure').open").await;
    // The harmless choice has the focus.
    assert_eq!(browser.ask("return document.activeElement.value").await, json!("no"));
    browser.picture("sure").await;
    browser.press(ESCAPE).await;
    browser.until("!document.getElementById('sure').open").await;
    assert!(!stage.is_held("within_1h").await, "Escape holds nothing");

    browser.tab_to("pause-within_1h").await;
    browser.press(ENTER).await;
    browser.until("document.getElementById('sure').open").await;
    browser.tab_to("sure-yes").await;
    browser.press(ENTER).await;

    browser.until("document.getElementById('said').textContent.includes('within_1h is held')").await;
    assert!(stage.is_held("within_1h").await);
    browser.until("document.getElementById('resume-within_1h')").await;
    browser.tab_to("resume-within_1h").await;
    browser.press(ENTER).await;
    browser.until("document.getElementById('pause-within_1h')").await;
    assert!(!stage.is_held("within_1h").await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dead_are_replayed_running_jobs_cancelled_and_schedules_switched() {
    let stage = Stage::set().await;
    let running = stage.runs().await;
    let (one, other) = (stage.died("timeout", "late").await, stage.died("retry", "broken").await);
    let browser = stage.look(&["--force-dark-mode", "--blink-settings=preferredColorScheme=0"]).await;
    let sure = async || {
        browser.until("document.getElementById('sure').open").await;
        browser.click("#sure-yes").await;
    };
    browser.until("document.querySelectorAll('#dead tbody tr').length === 2").await;
    browser.picture("dark").await;

    browser.click("[id='replay-rehearsal.nothing-timeout']").await;
    sure().await;
    browser.until("document.getElementById('said').textContent === 'One job lives again.'").await;
    assert_ne!(stage.state(one).await, "dead");
    assert_eq!(stage.state(other).await, "dead");
    browser.until(&format!("document.getElementById('replay-{other}')")).await;
    browser.click(&format!("[id='replay-{other}']")).await;
    until("the other lives", async || stage.state(other).await != "dead").await;

    browser.click(&format!("[id='cancel-{running}']")).await;
    sure().await;
    until("it is cancelled", async || stage.state(running).await == "cancelled").await;

    browser.click("[id='disable-jobs.prune']").await;
    sure().await;
    browser.until("document.getElementById('enable-jobs.prune')").await;
    // It may have been due by the clock before it was switched off.
    let asked = async || stage.db.texts("select kind as text from jobs where kind = 'jobs.prune'").await.len();
    let before = asked().await;
    browser.click("[id='run-jobs.prune']").await;
    browser.until("document.getElementById('said').textContent.startsWith('jobs.prune was asked for')").await;
    assert_eq!(asked().await, before + 1);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_on_the_page_has_a_name_and_it_can_be_read_without_scripts() {
    let stage = Stage::set().await;
    stage.runs().await;
    stage.died("timeout", "late").await;
    let browser = stage.look(&[]).await;
    browser.until("document.querySelector('#dead tbody tr')").await;
    let nameless = "return [...document.querySelectorAll('a, button, progress, summary, select, svg[role=img], [role=region], section')]
        .filter((thing) => !(thing.getAttribute('aria-label') || thing.getAttribute('aria-labelledby') || thing.textContent.trim()))
        .map((thing) => thing.outerHTML)";
    assert_eq!(browser.ask(nameless).await, json!([]));
    let unlabelled = "return [...document.querySelectorAll('input, select')].filter((field) => !field.labels.length).map((field) => field.id)";
    assert_eq!(browser.ask(unlabelled).await, json!([]));
    let twice = "const ids = [...document.querySelectorAll('[id]')].map((thing) => thing.id);
        return ids.filter((id, at) => ids.indexOf(id) !== at)";
    assert_eq!(browser.ask(twice).await, json!([]), "an id names one thing");
    let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
    assert_eq!(browser.ask(wide).await, json!(false), "nothing sticks out");
    browser.page.set_window_size(420, 900).await.expect("a telephone");
    assert_eq!(browser.ask(wide).await, json!(false), "nothing sticks out on a telephone either");
    browser.picture("narrow").await;
    let hides =
        "return [...document.styleSheets[0].cssRules].some((rule) => rule.media?.mediaText === '(scripting: none)')";
    assert_eq!(browser.ask(hides).await, json!(true), "buttons that do nothing are hidden");
    browser.close().await;

    // Everything is drawn by the server; what only a script can do is not shown without one.
    let page = reqwest::get(format!("{}/ops/", stage.url)).await.expect("the page").text().await.expect("a text");
    for drawn in ["within_5s", "rehearsal.nothing", "jobs.prune", "<noscript>"] {
        assert!(page.contains(drawn), "{drawn} is not drawn: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_from_elsewhere_reads_this_one_or_pulls_its_levers() {
    let stage = Stage::set().await;
    let http = reqwest::Client::new();
    let lever = format!("{}/ops/queues/within_1h/pause", stage.url);
    for headers in [
        vec![],
        vec![("x-lms-ops", "1"), ("origin", "http://evil.example")],
        vec![("x-lms-ops", "1"), ("sec-fetch-site", "cross-site")],
    ] {
        let mut request = http.post(&lever);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        assert_eq!(request.send().await.expect("an answer").status(), 403, "{headers:?}");
    }
    let named = http.get(format!("{}/ops/now", stage.url)).header("host", "evil.example");
    assert_eq!(named.send().await.expect("an answer").status(), 421);
    assert!(!stage.is_held("within_1h").await);

    let page = http.get(format!("{}/ops/", stage.url)).send().await.expect("the page");
    let policy = page.headers()["content-security-policy"].to_str().expect("text");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!page.headers().contains_key("access-control-allow-origin"));
    let ours = http.post(&lever).header("x-lms-ops", "1").send().await.expect("an answer");
    assert_eq!(ours.status(), 200);
    assert!(stage.is_held("within_1h").await);
    let unknown = http.post(format!("{}/ops/queues/bulk/pause", stage.url)).header("x-lms-ops", "1");
    assert_eq!(unknown.send().await.expect("an answer").status(), 404);
}
