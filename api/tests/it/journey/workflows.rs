//! The calls of `docs/workflows.md` are answered, and the answers are true: they are taken from the
//! page and run with `curl`, as a reader would.

use std::collections::BTreeMap;

use api::auth::Passwords;
use chrono::Utc;
use serde_json::{Value, json};
use shared::testing::TestDb;

use super::servers::Platform;
use super::shell::{commands, run};

/// A document that somebody has.
const PDF: &[u8] = b"%PDF-1.7\n%%EOF";

/// What stands for the words in angle brackets.
type Words = BTreeMap<&'static str, String>;

/// A call of the page: what its comment says, and its answer.
async fn call(platform: &Platform, words: &Words, command: &str) -> (String, Value) {
    let (title, command) = command.trim().split_once('\n').expect("a comment and a command");
    let filled = words.iter().fold(command.to_owned(), |text, (word, value)| text.replace(word, value));
    assert!(!filled.contains('<'), "{title}: nothing is known to put in\n{filled}");
    let said = run(platform, &filled).await;
    let answer = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{title}: {error}\n{said}"));
    (title.trim_start_matches("# ").to_owned(), answer)
}

/// All calls of a section, in order; `learn` looks at each answer and may learn a word from it.
async fn walk(
    platform: &Platform,
    words: &mut Words,
    section: &str,
    mut look: impl FnMut(&str, &Value) -> Option<(&'static str, String)>,
) {
    let blocks = commands("docs/workflows.md", section).concat();
    for command in blocks.trim().split("\n\n") {
        let (title, answer) = call(platform, words, command).await;
        words.extend(look(&title, &answer));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("a text instead of {value}")).to_owned()
}

/// The rows of a page.
fn rows(answer: &Value) -> &[Value] {
    answer["results"].as_array().unwrap_or_else(|| panic!("a page instead of {answer}"))
}

/// The row whose `field` is `value`.
fn row<'a>(answer: &'a Value, field: &str, value: &str) -> &'a Value {
    let found = rows(answer).iter().find(|row| row[field] == value);
    found.unwrap_or_else(|| panic!("no {field} {value} in {answer}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_workflows_is_answered_truly() {
    let db = TestDb::lease().await;
    let hash = Passwords::new().hash("password123".to_owned()).await.expect("a hash");
    shared::demo::seed(&db.pool, &hash, &shared::testing::make::vault(), Utc::now()).await.expect("seeded");
    let platform = Platform::start(db).await;
    let mut words = Words::new();
    let document = tempfile::NamedTempFile::with_suffix(".pdf").expect("a file");
    std::fs::write(document.path(), PDF).expect("written");
    words.insert("/path/to/document.pdf", document.path().display().to_string());
    for (word, email) in [
        ("<learner_token>", "alice.williams@acme.local"),
        ("<instructor_token>", "john.smith@acme.local"),
        ("<admin_token>", "admin@acme.local"),
        ("<superuser_token>", "admin@lms.local"),
    ] {
        words.insert(word, platform.enter(email, "password123").await.token.expect("a token"));
    }
    signs_in(&platform, &mut words).await;
    administers(&platform, &mut words).await;
    teaches(&platform, &mut words).await;
    learns(&platform, &mut words).await;
    keeps_files(&platform, &mut words).await;
}

async fn signs_in(platform: &Platform, words: &mut Words) {
    let mut access = None;
    walk(platform, words, "Signing in", |title, answer| match title {
        "Sign in: access and refresh tokens" => {
            access = Some(text(&answer["access"]));
            Some(("<refresh_token>", text(&answer["refresh"])))
        }
        "A fresh access token" => {
            assert_ne!(access, Some(text(&answer["access"])), "it is the old one");
            Some(("<access_token>", text(&answer["access"])))
        }
        "Who am I?" => {
            assert_eq!(
                (&answer["email"], &answer["role"], &answer["tenant_slug"]),
                (&json!("alice.williams@acme.local"), &json!("LEARNER"), &json!("acme"))
            );
            None
        }
        other => panic!("nobody looks at the answer to: {other}"),
    })
    .await;
}

async fn administers(platform: &Platform, words: &mut Words) {
    walk(platform, words, "Administration", |title, answer| {
        match title {
            "All tenants, for superusers only" => {
                let slugs: Vec<&Value> = rows(answer).iter().map(|tenant| &tenant["slug"]).collect();
                assert!(slugs.contains(&&json!("acme")) && slugs.contains(&&json!("techu")), "{answer}");
            }
            "The people of the own tenant" => {
                assert_eq!(answer["count"], 16, "{answer}");
                assert!(!answer.to_string().contains("techu.local"), "another tenant's: {answer}");
            }
            "Add somebody" => assert_eq!(
                (&answer["email"], &answer["first_name"], &answer["role"]),
                (&json!("new.user@acme.local"), &json!("New"), &json!("LEARNER")),
                "{answer}"
            ),
            "Switch a feature on" => assert_eq!(answer["features"]["ai_content_generation"], true, "{answer}"),
            other => panic!("nobody looks at the answer to: {other}"),
        }
        None
    })
    .await;
}

async fn teaches(platform: &Platform, words: &mut Words) {
    walk(platform, words, "Teaching", |title, answer| match title {
        "The courses that I teach, and those that are published" => {
            let taught = rows(answer).iter().find(|course| course["instructor"]["full_name"] == "John Smith");
            Some(("<taught_course_id>", text(&taught.unwrap_or_else(|| panic!("none is John's: {answer}"))["id"])))
        }
        "A new course" => {
            assert_eq!(
                (&answer["title"], &answer["status"], &answer["difficulty_level"]),
                (&json!("Advanced Python"), &json!("DRAFT"), &json!("advanced")),
                "{answer}"
            );
            Some(("<course_id>", text(&answer["id"])))
        }
        "A module of it" => {
            assert_eq!(
                (&answer["title"], &answer["order"]),
                (&json!("Decorators and Metaclasses"), &json!(1)),
                "{answer}"
            );
            Some(("<module_id>", text(&answer["id"])))
        }
        "An item of the module" => {
            assert_eq!(answer["content_type"], "TEXT", "{answer}");
            assert!(text(&answer["text_content"]).contains("Decorators are..."), "{answer}");
            None
        }
        "Who takes part in a course" => {
            assert!(!rows(answer).is_empty(), "nobody");
            None
        }
        other => panic!("nobody looks at the answer to: {other}"),
    })
    .await;
}

async fn learns(platform: &Platform, words: &mut Words) {
    let mut course = String::new();
    walk(platform, words, "Learning", |title, answer| match title {
        "What is open" => {
            assert!(rows(answer).iter().all(|course| course["status"] == "PUBLISHED"), "{answer}");
            course = text(&row(answer, "slug", "ux-design-principles")["id"]);
            Some(("<open_course_id>", course.clone()))
        }
        "Take part" => {
            assert_eq!((&answer["course"]["id"], &answer["status"]), (&json!(course), &json!("ACTIVE")), "{answer}");
            None
        }
        "What I take part in" => {
            let mine = rows(answer).iter().any(|enrollment| enrollment["course"]["id"] == json!(course));
            assert!(mine, "{answer}");
            None
        }
        "The modules, with their items" => Some(("<content_id>", text(&rows(answer)[0]["content_items"][0]["id"]))),
        "An item is done" => {
            assert_eq!(answer["status"], "COMPLETED", "{answer}");
            None
        }
        "My certificates" => {
            assert_eq!(answer["count"], json!(rows(answer).len()), "{answer}");
            None
        }
        "My notifications" => {
            let unread = row(answer, "status", "SENT");
            assert_eq!(unread["is_read"], false);
            Some(("<notification_id>", text(&unread["id"])))
        }
        "One of them is read" => {
            assert_eq!((&answer["is_read"], &answer["status"]), (&json!(true), &json!("READ")), "{answer}");
            None
        }
        other => panic!("nobody looks at the answer to: {other}"),
    })
    .await;
}

async fn keeps_files(platform: &Platform, words: &mut Words) {
    let mut link = None;
    let john = platform.enter("john.smith@acme.local", "password123").await;
    for command in commands("docs/workflows.md", "Files").concat().trim().split("\n\n") {
        let (title, answer) = call(platform, words, command).await;
        match title.as_str() {
            "Folders" => {
                words.insert("<folder_id>", text(&rows(&answer)[0]["id"]));
            }
            "Upload" => {
                assert_eq!(answer["mime_type"], "application/pdf", "{answer}");
                let file = text(&answer["id"]);
                let path = format!("/api/files/{file}/");
                john.until("it is looked through", &path, |file| (file["status"] == "AVAILABLE").then_some(())).await;
                words.insert("<file_id>", file);
            }
            "A link to download it by" => link = Some(text(&answer["url"])),
            other => panic!("nobody looks at the answer to: {other}"),
        }
    }
    let answer = reqwest::get(link.expect("a link")).await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/pdf");
    assert_eq!(answer.bytes().await.expect("its bytes").as_ref(), PDF);
}
