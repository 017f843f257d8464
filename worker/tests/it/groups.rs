//! Enrollments in step with groups, and ended by the clock.

use chrono::{TimeDelta, Utc};
use shared::clock::Clock;
use shared::courses::{CourseChanges, CourseStatus};
use shared::enrollments::jobs::ExpireEnrollmentsEverywhere;
use shared::enrollments::{Enrollment, EnrollmentStatus, GroupEnrollment};
use shared::ids::{GroupId, TenantId, UserId};
use shared::jobs::enqueue;
use shared::testing::{TestDb, make};
use shared::users::{Group, NewGroup, User};
use worker::drain::drain;
use worker::enrollments::register;
use worker::registry::Registry;

use crate::support::{count, services_with};

/// A group of three that learns a course.
struct Class {
    db: TestDb,
    tenant: TenantId,
    course: make::MadeCourse,
    group: GroupId,
    people: Vec<User>,
    enrolled: GroupEnrollment,
}

impl Class {
    async fn start() -> Self {
        let db = TestDb::lease().await;
        let tenant = make::tenant(&db).await.id;
        let course = make::course(tenant).published().with_modules(1, 1).make(&db).await;
        let mut people = Vec::new();
        for _ in 0..3 {
            people.push(make::user(tenant).make(&db).await);
        }
        let mut conn = db.tenant(tenant).await;
        let members = people.iter().map(|person| person.id).collect();
        let new = NewGroup { name: "Team".to_owned(), members, ..NewGroup::default() };
        let group = Group::create(&mut conn, tenant, new, make::morning()).await.expect("a group").group.id;
        let (id, _) = GroupEnrollment::create(&mut conn, &course, group, make::morning()).await.expect("enrolled");
        let enrolled =
            GroupEnrollment::find(&mut conn, tenant, id).await.expect("an answer").expect("there").enrollment;
        drop(conn);
        Self { db, tenant, course, group, people, enrolled }
    }

    async fn run(&self) {
        let services = services_with(&self.db, Clock::set_to(make::morning()), &[]);
        drain(&services, || register(Registry::default()), Utc::now()).await.expect("drained");
    }

    async fn leave(&self, person: UserId) {
        let mut conn = self.db.tenant(self.tenant).await;
        Group::dismiss(&mut conn, self.tenant, self.group, &[person]).await.expect("an answer");
    }

    async fn join(&self, person: UserId) {
        let mut conn = self.db.tenant(self.tenant).await;
        Group::admit(&mut conn, self.tenant, self.group, &[person], make::morning()).await.expect("an answer");
    }

    /// How each of the three stands to the course.
    async fn standings(&self) -> Vec<String> {
        let mut standings = Vec::new();
        for person in &self.people {
            let query = format!(
                "select status::text as text from enrollments where user_id = '{}' and course_id = '{}'",
                person.id, self.course.id
            );
            standings.push(self.db.texts(&query).await.concat());
        }
        standings
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_of_a_group_learn_what_the_group_learns() {
    let class = Class::start().await;

    class.run().await;

    assert_eq!(class.standings().await, ["ACTIVE", "ACTIVE", "ACTIVE"]);
    assert_eq!(count(&class.db, "enrollments.welcome").await, 3);
    let newcomer = make::user(class.tenant).make(&class.db).await;
    class.join(newcomer.id).await;
    class.run().await;
    let rows = class.db.texts("select cause::text as text from enrollment_changes").await;
    assert_eq!(rows, ["GROUP"; 4], "who joins later is enrolled, too, and nobody twice");
    assert_eq!(count(&class.db, "enrollments.welcome").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_the_group_leaves_the_course_unless_they_are_done() {
    let class = Class::start().await;
    class.run().await;
    let done = format!(
        "update enrollments set status = 'COMPLETED', completed_at = now(), progress = 100 where user_id = '{}' returning id::text as text",
        class.people[0].id
    );
    class.db.texts(&done).await;
    for person in &class.people[..2] {
        class.leave(person.id).await;
    }
    class.run().await;
    assert_eq!(class.standings().await, ["COMPLETED", "CANCELLED", "ACTIVE"]);

    class.join(class.people[1].id).await;
    class.run().await;
    assert_eq!(class.standings().await, ["COMPLETED", "ACTIVE", "ACTIVE"], "who comes back is back");

    let mut conn = class.db.tenant(class.tenant).await;
    class.enrolled.delete(&mut conn).await.expect("deleted");
    drop(conn);
    class.run().await;
    assert_eq!(class.standings().await, ["COMPLETED", "CANCELLED", "CANCELLED"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_undoes_nothing_that_others_have_decided() {
    let class = Class::start().await;
    let [own, waiting, removed] = [&class.people[0], &class.people[1], &class.people[2]];
    make::enrollment(own, &class.course).make(&class.db).await;
    make::enrollment(waiting, &class.course).status(EnrollmentStatus::Pending).make(&class.db).await;
    make::enrollment(removed, &class.course).status(EnrollmentStatus::Cancelled).make(&class.db).await;

    class.run().await;
    assert_eq!(class.standings().await, ["ACTIVE", "PENDING", "CANCELLED"]);
    for person in &class.people {
        class.leave(person.id).await;
    }
    class.run().await;
    assert_eq!(class.standings().await, ["ACTIVE", "PENDING", "CANCELLED"], "it was not the group that let them in");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_another_group_that_learns_the_same_stays() {
    let class = Class::start().await;
    let person = class.people[0].id;
    let mut conn = class.db.tenant(class.tenant).await;
    let new = NewGroup { name: "Other".to_owned(), members: vec![person], ..NewGroup::default() };
    let other = Group::create(&mut conn, class.tenant, new, make::morning()).await.expect("a group").group.id;
    GroupEnrollment::create(&mut conn, &class.course, other, make::morning()).await.expect("enrolled");
    drop(conn);
    class.run().await;

    class.leave(person).await;
    class.run().await;
    assert_eq!(class.standings().await[0], "ACTIVE");
    let mut conn = class.db.tenant(class.tenant).await;
    Group::dismiss(&mut conn, class.tenant, other, &[person]).await.expect("an answer");
    drop(conn);
    class.run().await;
    assert_eq!(class.standings().await[0], "CANCELLED");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joined_while_the_course_was_closed_is_enrolled_when_it_opens_again() {
    let class = Class::start().await;
    class.run().await;
    let mut conn = class.db.tenant(class.tenant).await;
    let course = class.course.archive(&mut conn, make::morning()).await.expect("closed");
    drop(conn);
    let newcomer = make::user(class.tenant).make(&class.db).await;
    class.join(newcomer.id).await;
    class.run().await;
    let enrolled = format!("select status::text as text from enrollments where user_id = '{}'", newcomer.id);
    assert_eq!(class.db.texts(&enrolled).await, Vec::<String>::new(), "nobody begins what is closed");

    let mut conn = class.db.tenant(class.tenant).await;
    let course = course.unarchive(&mut conn, make::morning()).await.expect("opened");
    drop(conn);
    class.run().await;
    assert_eq!(class.db.texts(&enrolled).await, ["ACTIVE"]);

    // The other way out of the archive.
    let mut conn = class.db.tenant(class.tenant).await;
    let course = course.archive(&mut conn, make::morning()).await.expect("closed");
    drop(conn);
    let late = make::user(class.tenant).make(&class.db).await;
    class.join(late.id).await;
    class.run().await;
    course.publish(&mut *class.db.tenant(class.tenant).await, make::morning()).await.expect("opened");
    class.run().await;
    let welcomes = count(&class.db, "enrollments.welcome").await;
    assert_eq!(welcomes, 5, "each of five once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_that_a_form_opens_is_as_open_as_one_that_was_published() {
    let class = Class::start().await;
    class.run().await;
    let newcomer = make::user(class.tenant).make(&class.db).await;
    let enrolled = format!("select status::text as text from enrollments where user_id = '{}'", newcomer.id);
    let patch = async |status: Option<CourseStatus>| {
        let changes = CourseChanges { status, title: Some("Ropes".to_owned()), ..CourseChanges::default() };
        let mut conn = class.db.tenant(class.tenant).await;
        class.course.update(&mut conn, changes, None, make::morning()).await.expect("changed")
    };
    assert_eq!(patch(Some(CourseStatus::Archived)).await.status, CourseStatus::Archived);
    class.join(newcomer.id).await;
    class.run().await;
    assert_eq!(class.db.texts(&enrolled).await, Vec::<String>::new(), "nobody begins what is closed");

    let opened = patch(Some(CourseStatus::Published)).await;
    class.run().await;

    assert_eq!((opened.status, opened.published_at), (CourseStatus::Published, class.course.published_at));
    assert_eq!(class.db.texts(&enrolled).await, ["ACTIVE"]);
    patch(Some(CourseStatus::Published)).await;
    patch(None).await;
    assert_eq!(count(&class.db, "courses.opened").await, 1, "what was open is not opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_takes_as_many_statements_as_a_small_one() {
    let class = Class::start().await;
    let mut conn = class.db.tenant(class.tenant).await;
    let sync = async |conn: &mut shared::db::Conn| {
        Enrollment::sync_group(conn, class.tenant, class.group, make::morning()).await.expect("in step")
    };
    assert_eq!(sync(&mut conn).await.enrolled, 3);
    let mut counts = Vec::new();
    for newcomers in [1, 40] {
        let mut more = Vec::new();
        for _ in 0..newcomers {
            more.push(make::user(class.tenant).make(&class.db).await.id);
        }
        Group::admit(&mut conn, class.tenant, class.group, &more, make::morning()).await.expect("an answer");
        let (synced, queries) = shared::testing::count_queries(sync(&mut conn)).await;
        assert_eq!(synced.enrolled, newcomers);
        counts.push(queries);
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_ends_by_the_clock() {
    let db = TestDb::lease().await;
    let tenant = make::tenant(&db).await.id;
    let course = make::course(tenant).published().make(&db).await;
    let enroll = async |days: Option<i64>, status: EnrollmentStatus| {
        let person = make::user(tenant).make(&db).await;
        let end = days.map(|days| make::morning() + TimeDelta::days(days));
        make::enrollment(&person, &course).status(status).but(|row| row.expires_at = end).make(&db).await.id
    };
    let over = enroll(Some(0), EnrollmentStatus::Active).await;
    enroll(Some(1), EnrollmentStatus::Active).await;
    enroll(None, EnrollmentStatus::Active).await;
    enroll(Some(-1), EnrollmentStatus::Completed).await;
    enroll(Some(-1), EnrollmentStatus::Pending).await;

    for _ in 0..2 {
        enqueue(&mut *db.platform().await, &ExpireEnrollmentsEverywhere {}).await.expect("enqueued");
        let services = services_with(&db, Clock::set_to(make::morning()), &[]);
        drain(&services, || register(Registry::default()), Utc::now()).await.expect("drained");
    }

    let expired = db.texts("select id::text as text from enrollments where status = 'EXPIRED'").await;
    assert_eq!(expired, [over.to_string()]);
    let history = "select from_status || ' ' || to_status || ' ' || cause as text from enrollment_changes where from_status is not null";
    assert_eq!(db.texts(history).await, ["ACTIVE EXPIRED CLOCK"]);
}
