//! Replies, told to those who follow.

use shared::discussions::{NewReply, NewThread, Reply, Thread};
use shared::enrollments::EnrollmentStatus;
use shared::ids::{ReplyId, UserId};
use shared::testing::make;
use shared::users::User;

use crate::world::World;

/// Somebody else who takes part.
async fn learner(world: &World) -> User {
    let user = make::user(world.tenant).make(&world.db).await;
    make::enrollment(&user, &world.course).make(&world.db).await;
    user
}

/// Alice asks something.
async fn asked(world: &World) -> Thread {
    world.enrollment(EnrollmentStatus::Active).await;
    let new = NewThread {
        tenant: world.tenant,
        course: world.course.id,
        module: None,
        content_item: None,
        author: world.alice.id,
        runs: false,
        title: "Which knot?".to_owned(),
        content: "For a hammock.".to_owned(),
        is_announcement: false,
    };
    Thread::open(&mut *world.db.tenant(world.tenant).await, new, make::morning()).await.expect("opened")
}

async fn replied(world: &World, thread: &Thread, author: UserId) -> ReplyId {
    let (tenant, content) = (world.tenant, "The bowline.".to_owned());
    let new = NewReply { tenant, thread: thread.id, parent: None, author, content };
    Reply::write(&mut *world.db.tenant(tenant).await, new, make::morning()).await.expect("written").id
}

async fn told(world: &World) -> Vec<String> {
    world.texts("select u.email || ': ' || n.subject as text from notifications n join users u on u.id = n.recipient_id order by 1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_follow_are_told_but_not_of_their_own_words() {
    let world = World::make().await;
    let thread = asked(&world).await;
    let bob = learner(&world).await;
    learner(&world).await;
    replied(&world, &thread, bob.id).await;

    world.work().await;

    let name = bob.full_name();
    assert_eq!(told(&world).await, [format!("alice@example.org: {name} replied in Which knot?")]);
    let [mail] = world.mail.messages().try_into().expect("one mail");
    let text = mail.text.as_deref().expect("a text part");
    let address = format!("https://learn.example.org/learner/courses/knots/discussions/{}", thread.id);
    assert!(text.contains("The bowline.") && text.contains(&address), "{text}");

    replied(&world, &thread, world.alice.id).await;
    world.work().await;
    assert_eq!(told(&world).await.len(), 2, "who has replied follows");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_follow_any_more_or_may_not_read_it_is_not_told() {
    let world = World::make().await;
    let thread = asked(&world).await;
    let (bob, carol) = (learner(&world).await, learner(&world).await);
    for person in [&bob, &carol] {
        replied(&world, &thread, person.id).await;
    }
    world.work().await;
    let before = told(&world).await.len();
    let mut conn = world.db.tenant(world.tenant).await;
    let following = thread.toggle_follow(&mut conn, world.alice.id, make::morning()).await;
    assert!(!following.expect("turned over"));
    world
        .texts(&format!(
            "update enrollments set status = 'CANCELLED' where user_id = '{}' returning '' as text",
            bob.id
        ))
        .await;

    replied(&world, &thread, carol.id).await;
    world.work().await;

    assert_eq!(told(&world).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_was_deleted_meanwhile() {
    let world = World::make().await;
    let thread = asked(&world).await;
    let bob = learner(&world).await;
    let id = replied(&world, &thread, bob.id).await;
    world
        .texts(&format!("update discussion_replies set deleted_at = now() where id = '{id}' returning '' as text"))
        .await;

    world.work().await;

    assert_eq!(told(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_said_in_a_hidden_thread_only_those_who_see_it_are_told() {
    let world = World::make().await;
    let thread = asked(&world).await;
    let (bob, carol) = (learner(&world).await, learner(&world).await);
    replied(&world, &thread, bob.id).await;
    world.work().await;
    let mut conn = world.db.tenant(world.tenant).await;
    thread.toggle_hidden(&mut conn, "Off topic", make::morning()).await.expect("hidden");
    drop(conn);

    replied(&world, &thread, carol.id).await;
    world.work().await;

    let [first, second] =
        [&bob, &carol].map(|author| format!("alice@example.org: {} replied in Which knot?", author.full_name()));
    let mut expected = [first, second];
    expected.sort_unstable();
    assert_eq!(told(&world).await, expected, "Bob, who follows it, is not told");
}
