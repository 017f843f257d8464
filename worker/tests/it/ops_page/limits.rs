//! Limits are set, changed, lifted and given back on the page.

use serde_json::json;
use shared::audit::{self, AuditEntry, AuditFilter, Performer};
use shared::db::Part;

use super::Stage;
use super::browser::{Browser, ENTER, ESCAPE, TAB};

impl Stage {
    /// The limits that operators have set, as they would write them.
    async fn limits(&self) -> Vec<String> {
        let written = "select subject || ' ' || coalesce(starts || '/' || seconds || '+' || burst, '-')
                || ' ' || coalesce(tenant_starts || '/' || tenant_seconds || '+' || tenant_burst, '-')
                || ' ' || coalesce(tenant_backlog::text, '-') as text
            from job_limits where is_edited order by subject";
        self.db.texts(written).await
    }

    /// What the audit log says of limits, the newest first.
    async fn told(&self) -> Vec<AuditEntry> {
        let part = Part::Behind { last: None, size: 100 };
        let log = audit::list(&mut *self.db.platform().await, AuditFilter::default(), part).await.expect("the log");
        log.items.into_iter().filter(|line| line.subject_type == "job_limits").collect()
    }
}

impl Browser {
    /// Opens the form by the keyboard.
    async fn open_form(&self, lever: &str) {
        self.tab_to(lever).await;
        self.press(ENTER).await;
        self.until("document.getElementById('limit').open").await;
    }

    /// Pulls a lever that asks first, by the keyboard, and says yes.
    async fn pull(&self, lever: &str) {
        self.tab_to(lever).await;
        self.press(ENTER).await;
        self.until("document.getElementById('sure').open").await;
        self.tab_to("sure-yes").await;
        self.press(ENTER).await;
    }

    async fn until_said(&self, sentence: &str) {
        self.until(&format!("document.getElementById('said').textContent === '{sentence}'")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_set_changed_lifted_and_given_back_by_the_keyboard_alone() {
    let stage = Stage::set().await;
    let browser = stage.look(&[]).await;
    browser.until("document.getElementById('new-limit')").await;

    browser.open_form("new-limit").await;
    assert_eq!(browser.ask("return document.activeElement.id").await, json!("limit-subject"));
    browser.write("kind:files.scan").await;
    browser.press(TAB).await;
    browser.write("10/60+5").await;
    browser.tab_to("limit-tenant-backlog").await;
    browser.write("50").await;
    browser.picture("limit").await;
    browser.tab_to("limit-yes").await;
    browser.press(ENTER).await;
    browser.until_said("kind:files.scan is limited as you said.").await;
    assert_eq!(stage.limits().await, ["kind:files.scan 10/60+5 - 50"]);

    // The form begins with what is; whoever leaves it changes nothing, and what is no rate is not sent.
    browser.open_form("change-kind:files.scan").await;
    let shown = "const is = (name) => document.getElementById(`limit-${name}`);
        return [is('subject').value, is('subject').disabled, is('rate').value, is('tenant-rate').value, is('tenant-backlog').value]";
    assert_eq!(browser.ask(shown).await, json!(["kind:files.scan", true, "10/60+5", "", "50"]));
    browser.tab_to("limit-tenant-rate").await;
    browser.write("often").await;
    browser.press(ENTER).await;
    assert_eq!(browser.ask("return document.getElementById('limit').open").await, json!(true));
    browser.tab_to("limit-no").await;
    browser.press(ENTER).await;
    browser.until("!document.getElementById('limit').open").await;
    assert_eq!(stage.limits().await, ["kind:files.scan 10/60+5 - 50"]);

    browser.open_form("change-kind:files.scan").await;
    browser.tab_to("limit-tenant-rate").await;
    browser.write("3/1").await;
    // In a field, it is the key that sets.
    browser.press(ENTER).await;
    browser.until("document.getElementById('limits').innerText.includes('3 in 1 s, 1 at once')").await;
    assert_eq!(stage.limits().await, ["kind:files.scan 10/60+5 3/1+1 50"]);

    browser.pull("lift-kind:files.scan").await;
    browser.until_said("kind:files.scan has no limit any more.").await;
    assert_eq!(stage.limits().await, ["kind:files.scan - - -"]);
    browser.until("!document.getElementById('lift-kind:files.scan')").await;
    browser.pull("release-kind:files.scan").await;
    browser.until_said("kind:files.scan is the release\\'s again, from the next start of a worker on.").await;
    assert_eq!(stage.limits().await, Vec::<String>::new());

    let told = stage.told().await;
    let actions: Vec<&str> = told.iter().map(|line| line.action.as_str()).collect();
    // No release declares it, so that nothing is left of it.
    assert_eq!(actions, ["delete", "update", "update", "insert"]);
    for line in told {
        assert_eq!(line.performer(), Performer::Operator, "{line:?}");
        assert_eq!(line.operator.as_deref(), Some("operator page, 127.0.0.1"), "{line:?}");
        assert_eq!(line.subject_id.as_deref(), Some("kind:files.scan"), "{line:?}");
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_has_no_backlog_and_a_limit_that_makes_no_sense_is_refused_in_words() {
    let stage = Stage::set().await;
    let browser = stage.look(&[]).await;
    browser.until("document.getElementById('new-limit')").await;
    browser.open_form("new-limit").await;
    browser.write("provider:smtp").await;
    browser.until("document.getElementById('limit-tenant-backlog').disabled").await;
    browser.press(ESCAPE).await;
    browser.close().await;

    let http = reqwest::Client::new();
    for (subject, limit, status, said) in [
        ("kind:files.scam", json!({ "rate": "1/1" }), 404, "There is no such kind or provider."),
        ("smtp", json!({ "rate": "1/1" }), 404, "There is no such kind or provider."),
        ("provider:smtp", json!({ "rate": "often" }), 400, "`often` is no rate: write 10/60 or 10/60+5"),
        ("provider:smtp", json!({ "tenant_rate": "0/1" }), 400, "`0/1` is no rate: write 10/60 or 10/60+5"),
        ("kind:files.scan", json!({ "tenant_backlog": "0" }), 400, "`0` is no number of jobs that may wait."),
        (
            "provider:smtp",
            json!({ "tenant_backlog": "5" }),
            400,
            "What waits is counted by kind: provider:smtp can have no number of it.",
        ),
    ] {
        let lever = http.post(format!("{}/ops/limits/{subject}/set", stage.url)).header("x-lms-ops", "1");
        let answer = lever.header("content-type", "application/json").body(limit.to_string()).send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.status(), status, "{subject} {limit}");
        let told: serde_json::Value = serde_json::from_str(&answer.text().await.expect("a text")).expect("JSON");
        assert_eq!(told, json!({ "said": said }));
    }
    let lever = http.post(format!("{}/ops/limits/provider:smtp/reset", stage.url)).header("x-lms-ops", "1");
    assert_eq!(lever.send().await.expect("an answer").status(), 404, "nobody has set it");
    assert_eq!((stage.limits().await, stage.told().await.len()), (Vec::new(), 0));
}
