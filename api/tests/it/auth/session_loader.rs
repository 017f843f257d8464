//! Who is calling, asked for many at once.

use api::http::ApiError;
use chrono::TimeDelta;
use futures::future::{join_all, poll_immediate};
use shared::db::Scope;
use shared::ids::{SessionId, TenantId};
use shared::testing::{count_queries, make};
use shared::users::{SignedIn, User};

use crate::support::TestApp;

/// More than ask at once, each for itself.
const MANY: usize = 60;

struct Somebody {
    user: User,
    session: SessionId,
}

async fn people(app: &TestApp, tenant: TenantId, many: usize) -> Vec<Somebody> {
    let mut people = Vec::new();
    for _ in 0..many {
        let user = make::user(tenant).make(&app.db).await;
        let session = make::session(&app.db, &user).await;
        people.push(Somebody { user, session });
    }
    people
}

async fn load(app: &TestApp, tenant: TenantId, session: SessionId) -> Result<Option<SignedIn>, ApiError> {
    app.app.sessions.load(Scope::Tenant(tenant), session, app.app.clock.now()).await
}

/// Has each ask, or line up behind those who do. None has an answer then, however slow this is and however
/// quick the database: on a runtime of one thread, nothing goes on meanwhile.
async fn have_all_asked<'q, Q: Future + Unpin + 'q>(questions: impl Iterator<Item = &'q mut Q>) {
    for question in questions {
        assert!(poll_immediate(question).await.is_none(), "it was answered before the database could");
    }
}

fn is(found: Option<&SignedIn>, somebody: &Somebody) -> bool {
    found.is_some_and(|found| found.session == somebody.session && found.user.id == somebody.user.id)
}

async fn assert_asks_alone(app: &TestApp, tenant: TenantId, somebody: &Somebody) {
    let (found, statements) = count_queries(load(app, tenant, somebody.session)).await;
    assert!(is(found.expect("an answer").as_ref(), somebody));
    assert_eq!(statements, 1);
}

#[tokio::test]
async fn who_comes_together_is_looked_up_together_and_each_is_told_of_their_own() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let people = people(&app, tenant, MANY).await;
    let stranger = SessionId::new();
    let asked = people.iter().map(|somebody| somebody.session).chain([stranger, people[0].session]);
    let (found, statements) = count_queries(async {
        let mut questions: Vec<_> = asked.map(|session| Box::pin(load(&app, tenant, session))).collect();
        have_all_asked(questions.iter_mut()).await;
        join_all(questions).await
    })
    .await;
    let found: Vec<Option<SignedIn>> = found.into_iter().collect::<Result<_, _>>().expect("answers");
    for (found, somebody) in found.iter().zip(&people) {
        assert!(is(found.as_ref(), somebody), "{found:?}");
    }
    assert!(found[MANY].is_none(), "a stranger is somebody");
    assert!(is(found[MANY + 1].as_ref(), &people[0]));
    // The first four ask for themselves; as each is back, one more asks at the most, for all who wait.
    assert!((5..=8).contains(&statements), "{statements} statements for {} questions", MANY + 2);
    assert_asks_alone(&app, tenant, &people[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_of_another_tenant_is_nobodys_also_among_many() {
    let app = TestApp::start().await;
    let (own, other) = (app.tenant().await, app.tenant().await);
    let (ours, theirs) = (people(&app, own, MANY).await, people(&app, other, MANY).await);
    let all = || ours.iter().chain(&theirs);
    let (of_own, of_other) = tokio::join!(
        join_all(all().map(|somebody| load(&app, own, somebody.session))),
        join_all(all().map(|somebody| load(&app, other, somebody.session))),
    );
    for (index, somebody) in all().enumerate() {
        let (in_own, in_other) = (of_own[index].as_ref().expect("an answer"), of_other[index].as_ref().expect("one"));
        let is_ours = index < MANY;
        assert_eq!((is(in_own.as_ref(), somebody), in_own.is_none()), (is_ours, !is_ours));
        assert_eq!((is(in_other.as_ref(), somebody), in_other.is_none()), (!is_ours, is_ours));
    }
}

#[tokio::test]
async fn whoever_is_broken_off_holds_nobody_up() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let people = people(&app, tenant, MANY).await;
    let mut questions: Vec<_> =
        people.iter().map(|somebody| Some(Box::pin(load(&app, tenant, somebody.session)))).collect();
    have_all_asked(questions.iter_mut().flatten()).await;
    // Those who ask are gone, and some of those who wait, the next two of whom have just been told to.
    for gone in [0, 1, 2, 3, 4, 5, 20, 40] {
        questions[gone] = None;
    }
    let left: Vec<_> = questions.into_iter().enumerate().filter_map(|(index, it)| Some((index, it?))).collect();
    assert_eq!(left.len(), MANY - 8);
    for (index, answer) in join_all(left.into_iter().map(async |(index, question)| (index, question.await))).await {
        assert!(is(answer.expect("an answer").as_ref(), &people[index]));
    }
    // Nothing is left behind: whoever comes later asks at once.
    assert_asks_alone(&app, tenant, &people[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_database_is_away_all_who_wait_are_told_at_once() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let sessions = people(&app, tenant, 1).await;
    let nowhere = shared::db::Pool::new(&shared::db::PoolSettings::new("postgres://nobody@127.0.0.1:1/nothing"));
    let loader = api::access::SessionLoader::new(nowhere.expect("a pool"));
    let ask = || loader.load(Scope::Tenant(tenant), sessions[0].session, app.app.clock.now());
    for answer in join_all((0..MANY).map(|_| ask())).await {
        assert!(matches!(answer, Err(ApiError::Busy { .. })), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_by_now_is_not_let_in_by_one_who_asked_earlier() {
    let app = TestApp::start().await;
    let tenant = app.tenant().await;
    let people = people(&app, tenant, MANY).await;
    let end = app.app.clock.now() + TimeDelta::days(8);
    let mut asked = Vec::new();
    for (index, somebody) in people.iter().enumerate() {
        let at = if index % 2 == 0 { app.app.clock.now() } else { end };
        asked.push(app.app.sessions.load(Scope::Tenant(tenant), somebody.session, at));
    }
    for (index, answer) in join_all(asked).await.into_iter().enumerate() {
        if index % 2 == 1 {
            assert!(answer.expect("an answer").is_none(), "an ended session was let in");
        }
    }
}
