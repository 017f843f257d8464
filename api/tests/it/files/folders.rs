//! Folders: a tree, and who sees and changes what of it.

use serde_json::{Value, json};
use shared::testing::make;
use shared::users::UserRole;

use super::{Office, id, upload};
use crate::support::{Answer, Client};

const ADDRESS: &str = "/api/files/folders/";

async fn make_in(client: &Client, parent: Option<&Answer>, name: &str) -> Answer {
    let parent = parent.map_or(Value::Null, |parent| parent.body["id"].clone());
    client.post(ADDRESS, json!({"name": name, "parent_id": parent})).await
}

fn this(folder: &Answer) -> String {
    format!("{ADDRESS}{}/", id(folder))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_the_folders_that_are_open_to_it() {
    use UserRole::{Admin, Instructor, Learner};
    let office = Office::open().await;
    for (visible_to, writable_by) in
        [(Learner, Learner), (Instructor, Learner), (Instructor, Instructor), (Admin, Admin)]
    {
        make::folder(&office.app.db, office.tenant, visible_to, writable_by).await;
    }
    for (role, count) in [(Learner, 2), (Instructor, 3), (Admin, 4)] {
        let list = office.as_role(role).await.get(ADDRESS).await.expect(200);
        assert_eq!(list.body["count"], count, "{role}");
        let one = list.results()[0]["id"].as_str().expect("an id").to_owned();
        office.as_role(role).await.get(&format!("{ADDRESS}{one}/")).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_make_folders_anywhere_instructors_where_they_may_write_learners_nowhere() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let teacher = office.as_role(UserRole::Instructor).await;
    let learner = office.as_role(UserRole::Learner).await;
    let shelf = make_in(&admin, None, "Shelf").await.expect(201);
    let body = json!({"name": "Office", "visible_to": "admin", "writable_by": "ADMIN"});
    let closed = admin.post(ADDRESS, body).await.expect(201);

    make_in(&teacher, None, "Mine").await.expect(403);
    make_in(&teacher, Some(&closed), "Mine").await.expect(400);
    make_in(&learner, Some(&shelf), "Mine").await.expect(403);
    let mine = make_in(&teacher, Some(&shelf), "Mine").await.expect(201);

    assert_eq!((&mine.body["visible_to"], &mine.body["writable_by"]), (&json!("INSTRUCTOR"), &json!("INSTRUCTOR")));
    teacher.patch(&this(&mine), json!({"name": "Still mine"})).await.expect(200);
    teacher.patch(&this(&shelf), json!({"name": "Mine too"})).await.expect(403);
    teacher.delete(&this(&shelf)).await.expect(403);
    teacher.delete(&this(&mine)).await.expect(204);
    let other = office.as_role(UserRole::Instructor).await;
    let theirs = make_in(&other, Some(&shelf), "Theirs").await.expect(201);
    teacher.delete(&this(&theirs)).await.expect(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_unique_in_their_place_also_at_the_root_and_in_a_race() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let shelf = make_in(&admin, None, "Shelf").await.expect(201);
    assert_eq!(make_in(&admin, None, "Shelf").await.expect(409).body["code"], "name_taken");
    make_in(&admin, Some(&shelf), "Shelf").await.expect(201);
    for name in ["", "a/b", "..", "a\u{0}b", "\u{202e}x", &"x".repeat(256)] {
        make_in(&admin, None, name).await.expect(400);
    }
    let race = futures::future::join_all((0..6).map(|_| make_in(&admin, None, "Race"))).await;
    let made = race.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    assert!(race.iter().all(|answer| matches!(answer.status.as_u16(), 201 | 409)), "{race:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_cannot_be_moved_into_itself_or_what_is_in_it() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let one = make_in(&admin, None, "One").await.expect(201);
    let two = make_in(&admin, Some(&one), "Two").await.expect(201);
    let three = make_in(&admin, Some(&two), "Three").await.expect(201);
    for parent in [&one, &two, &three] {
        let answer = admin.patch(&this(&one), json!({"parent_id": parent.body["id"]})).await.expect(409);
        assert_eq!(answer.body["code"], "folder_cycle");
    }
    admin.patch(&this(&three), json!({"parent_id": null})).await.expect(200);

    // Two moves that are fine alone and a circle together.
    let left = make_in(&admin, None, "Left").await.expect(201);
    let right = make_in(&admin, None, "Right").await.expect(201);
    let (a, b) = (this(&left), this(&right));
    let (a, b) = tokio::join!(
        admin.patch(&a, json!({"parent_id": right.body["id"]})),
        admin.patch(&b, json!({"parent_id": left.body["id"]})),
    );
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_so_deep_and_no_deeper() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let mut folders = vec![make_in(&admin, None, "1").await.expect(201)];
    for depth in 2..=10 {
        let folder = make_in(&admin, folders.last(), &depth.to_string()).await.expect(201);
        folders.push(folder);
    }
    assert_eq!(make_in(&admin, folders.last(), "11").await.expect(409).body["code"], "too_deep");
    let tower = make_in(&admin, None, "Tower").await.expect(201);
    make_in(&admin, Some(&tower), "Top").await.expect(201);
    let answer = admin.patch(&this(&tower), json!({"parent_id": folders[8].body["id"]})).await.expect(409);
    assert_eq!(answer.body["code"], "too_deep");
    admin.patch(&this(&tower), json!({"parent_id": folders[7].body["id"]})).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_more_open_than_the_folder_it_is_in() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let open = admin.post(ADDRESS, json!({"name": "Open", "visible_to": "LEARNER"})).await.expect(201);
    let inner = make_in(&admin, Some(&open), "Inner").await.expect(201);
    let innermost = make_in(&admin, Some(&inner), "Innermost").await.expect(201);
    assert_eq!(innermost.body["visible_to"], "LEARNER");
    let answer = admin.patch(&this(&inner), json!({"writable_by": "LEARNER"})).await.expect(409);
    assert_eq!(answer.body["code"], "more_open_than_parent");

    admin.patch(&this(&open), json!({"visible_to": "INSTRUCTOR"})).await.expect(200);

    for folder in [&inner, &innermost] {
        assert_eq!(admin.get(&this(folder)).await.expect(200).body["visible_to"], "INSTRUCTOR");
    }
    let office_folder = admin.post(ADDRESS, json!({"name": "Office", "visible_to": "ADMIN"})).await.expect(201);
    let moved = admin.patch(&this(&inner), json!({"parent_id": office_folder.body["id"]})).await.expect(200);
    assert_eq!(moved.body["visible_to"], "ADMIN");
    assert_eq!(admin.get(&this(&innermost)).await.expect(200).body["visible_to"], "ADMIN");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_an_empty_folder_is_deleted() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let shelf = make_in(&admin, None, "Shelf").await.expect(201);
    let box_ = make_in(&admin, Some(&shelf), "Box").await.expect(201);
    let file = upload(&admin, "notes.txt", b"hello", Some(&id(&box_))).await.expect(201);
    for folder in [&shelf, &box_] {
        assert_eq!(admin.delete(&this(folder)).await.expect(409).body["code"], "folder_not_empty");
    }
    admin.patch(&super::address(&file, ""), json!({"folder_id": null})).await.expect(200);
    admin.delete(&this(&box_)).await.expect(204);
    admin.delete(&this(&shelf)).await.expect(204);
    admin.get(&this(&shelf)).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_goes_by_place_and_name() {
    let office = Office::open().await;
    let admin = office.as_role(UserRole::Admin).await;
    let shelf = make_in(&admin, None, "Shelf").await.expect(201);
    make_in(&admin, Some(&shelf), "Box").await.expect(201);
    for (query, count) in [
        (String::new(), 2),
        ("?parent=root".to_owned(), 1),
        (format!("?parent={}", id(&shelf)), 1),
        ("?search=BO".to_owned(), 1),
        ("?search=%25".to_owned(), 0),
    ] {
        let list = admin.get(&format!("{ADDRESS}{query}")).await.expect(200);
        assert_eq!(list.body["count"], count, "{query}");
    }
    admin.get(&format!("{ADDRESS}?parent=x")).await.expect(400);
    let read = admin.get(&this(&shelf)).await.expect(200);
    let tag = read.header("etag").to_owned();
    admin.with("if-match", &tag).patch(&this(&shelf), json!({"name": "Rack"})).await.expect(200);
    admin.with("if-match", &tag).patch(&this(&shelf), json!({"name": "Board"})).await.expect(412);
}
