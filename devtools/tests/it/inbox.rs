use devtools::mail::MailSink;
use devtools::web::WebServer;
use lettre::message::MultiPart;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use reqwest::Response;
use serde_json::Value;

use crate::ANYWHERE;

struct Inbox {
    web: WebServer,
    _sink: MailSink,
}

impl Inbox {
    /// With one message to Zoë and one to Abe.
    async fn filled() -> Self {
        let sink = MailSink::start(ANYWHERE, None).await.unwrap();
        let web = WebServer::start(ANYWHERE, sink.inbox()).await.unwrap();
        let mailer = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(sink.address().port())
            .build::<Tokio1Executor>();
        for to in ["zoe@example.com", "abe@example.com"] {
            let message = Message::builder()
                .from("lms@example.com".parse().unwrap())
                .to(to.parse().unwrap())
                .subject("<b>Welcome</b>")
                .multipart(MultiPart::alternative_plain_html(
                    "Dear <reader>".to_owned(),
                    "<script>alert(\"hi\")</script><p>Dear reader</p>".to_owned(),
                ))
                .unwrap();
            mailer.send(message).await.unwrap();
        }
        Self { web, _sink: sink }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.web.address())
    }

    async fn get(&self, path: &str) -> Response {
        reqwest::get(self.url(path)).await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        self.get(path).await.json().await.unwrap()
    }
}

#[tokio::test]
async fn pages_escape_what_a_message_says() {
    let inbox = Inbox::filled().await;

    let list = inbox.get("/").await;
    let policy = list.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'"));
    let list = list.text().await.unwrap();
    assert!(list.contains("&lt;b&gt;Welcome&lt;/b&gt;") && !list.contains("<b>"));

    let page = inbox.get("/messages/1").await.text().await.unwrap();
    assert!(page.contains("srcdoc=\"&lt;base target=&quot;_blank&quot;&gt;&lt;script&gt;"));
    assert!(page.contains("sandbox=\"allow-popups") && !page.contains("allow-scripts"));
    assert!(page.contains("Dear &lt;reader&gt;") && !page.contains("<script>"));
}

#[tokio::test]
async fn programs_read_and_clear_the_inbox() {
    let inbox = Inbox::filled().await;

    let all = inbox.json("/api/messages").await;
    assert_eq!(all[0]["to"][0], "abe@example.com", "newest first");
    let zoes = inbox.json("/api/messages?to=ZOE@example.com").await;
    assert_eq!(zoes.as_array().unwrap().len(), 1);
    assert_eq!(zoes[0]["text"], "Dear <reader>");
    assert_eq!(inbox.json("/api/messages/2").await["number"], 2);

    let raw = inbox.get("/messages/1/raw").await;
    assert_eq!(raw.headers()["content-type"], "message/rfc822");
    assert!(raw.text().await.unwrap().contains("To: zoe@example.com"));

    let deleted = reqwest::Client::new().delete(inbox.url("/api/messages")).send().await;
    assert_eq!(deleted.unwrap().status(), 204);
    assert_eq!(inbox.json("/api/messages").await, Value::Array(vec![]));
    assert_eq!(inbox.get("/messages/1").await.status(), 404);
}
