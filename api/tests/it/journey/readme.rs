//! The README's commands do what it says: they are taken from it and run, as a reader would.

use api::auth::Passwords;
use chrono::Utc;
use serde_json::Value;
use shared::testing::TestDb;

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
