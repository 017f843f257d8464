//! Enrollments by file: ten thousand rows, some of them bad, tried, done and taken back.

use std::fmt::Write;

use chrono::Utc;
use shared::clock::Clock;
use shared::enrollments::{EnrollmentImport, EnrollmentStatus, ImportState};
use shared::ids::{EnrollmentImportId, TenantId};
use shared::testing::{TestDb, count_queries, make};
use worker::drain::drain;
use worker::enrollments::register;
use worker::registry::Registry;

use crate::support::{count, services_with};

/// A course, and a file.
struct Office {
    db: TestDb,
    tenant: TenantId,
    course: make::MadeCourse,
}

impl Office {
    async fn open() -> Self {
        let db = TestDb::lease().await;
        let tenant = make::tenant(&db).await.id;
        let course = make::course(tenant).published().with_modules(1, 1).make(&db).await;
        Self { db, tenant, course }
    }

    /// So many people, `person1@example.org` and on.
    async fn hire(&self, people: usize) {
        let query = format!(
            "insert into users (id, tenant_id, email, first_name, last_name, role, status, created_at, updated_at)
             select gen_random_uuid(), '{}', format('person%s@example.org', n), 'P', 'P', 'LEARNER', 'ACTIVE', now(), now()
             from generate_series(1, {people}) as n returning id::text as text",
            self.tenant
        );
        assert_eq!(self.db.texts(&query).await.len(), people);
    }

    async fn send(&self, source: &str, is_dry_run: bool) -> EnrollmentImportId {
        let mut conn = self.db.tenant(self.tenant).await;
        let made = EnrollmentImport::create(&mut conn, &self.course, source, is_dry_run, None, make::morning()).await;
        made.expect("taken in").id
    }

    async fn run(&self) {
        let services = services_with(&self.db, Clock::set_to(make::morning()), &[]);
        drain(&services, || register(Registry::default()), Utc::now()).await.expect("drained");
    }

    async fn now(&self, id: EnrollmentImportId) -> EnrollmentImport {
        let mut conn = self.db.tenant(self.tenant).await;
        EnrollmentImport::find(&mut conn, self.tenant, id).await.expect("an answer").expect("the import").0
    }

    async fn undo(&self, id: EnrollmentImportId) {
        self.ask_to_undo(id).await;
        self.run().await;
    }

    async fn ask_to_undo(&self, id: EnrollmentImportId) {
        let import = self.now(id).await;
        import.undo(&mut *self.db.tenant(self.tenant).await).await.expect("undoing");
    }

    /// Works a file off without the thousands of welcomes that it asks for, and answers by how many
    /// KiB the process has grown after the first batch.
    async fn run_all(&self, id: EnrollmentImportId) -> usize {
        let mut conn = self.db.tenant(self.tenant).await;
        let mut sizes = Vec::new();
        while EnrollmentImport::run_batch(&mut conn, self.tenant, id, make::morning()).await.expect("a batch").is_some()
        {
            sizes.push(resident_kib());
        }
        sizes.iter().max().expect("a batch") - sizes[0]
    }

    async fn undo_all(&self, id: EnrollmentImportId) {
        self.ask_to_undo(id).await;
        let mut conn = self.db.tenant(self.tenant).await;
        let mut last = 0;
        while let Some((_, row)) =
            EnrollmentImport::undo_batch(&mut conn, self.tenant, id, make::morning()).await.expect("a batch")
        {
            assert!(row > last, "it comes further with each batch");
            last = row;
        }
    }

    /// Changes the enrollment of `person{number}`, and answers with its id.
    async fn set(&self, number: usize, change: &str) -> String {
        let query = format!(
            "update enrollments e set {change} from users u where u.id = e.user_id and u.email = 'person{number}@example.org' returning e.id::text as text"
        );
        self.db.texts(&query).await.concat()
    }

    /// What became of the rows when the file was taken back.
    async fn undone(&self, id: EnrollmentImportId) -> Vec<String> {
        let query = format!(
            "select email || ' ' || undo as text from enrollment_import_rows where import_id = '{id}' and undo is not null order by row_number"
        );
        self.db.texts(&query).await
    }

    /// What became of the rows, in order.
    async fn outcomes(&self, id: EnrollmentImportId) -> Vec<String> {
        let query = format!(
            "select row_number || ' ' || email || ' ' || outcome as text from enrollment_import_rows where import_id = '{id}' order by row_number"
        );
        self.db.texts(&query).await
    }

    /// Everybody in the course, and how.
    async fn enrolled(&self) -> Vec<String> {
        let query = "select concat_ws(' ', user_id, status, cause, progress, enrolled_at, completed_at, expires_at, removed, group_id, started_at) as text
            from enrollments order by user_id";
        self.db.texts(query).await
    }

    /// Somebody who was in the course before.
    async fn veteran(&self, number: usize, status: EnrollmentStatus) {
        let query = format!("select id::text as text from users where email = 'person{number}@example.org'");
        let id = self.db.texts(&query).await.concat().parse().expect("an id");
        let mut conn = self.db.tenant(self.tenant).await;
        let user = shared::users::User::find(&mut conn, self.tenant, id).await.expect("an answer").expect("somebody");
        drop(conn);
        make::enrollment(&user, &self.course)
            .status(status)
            .but(|row| row.expires_at = (status == EnrollmentStatus::Expired).then(make::morning))
            .make(&self.db)
            .await;
    }
}

/// The memory of this process but for what it has read of files, its own code among them; 0 where the
/// system does not tell.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_are_tried_done_and_taken_back() {
    let office = Office::open().await;
    office.hire(9_000).await;
    for (number, status) in [
        (1, EnrollmentStatus::Active),
        (2, EnrollmentStatus::Completed),
        (3, EnrollmentStatus::Cancelled),
        (4, EnrollmentStatus::Expired),
        (5, EnrollmentStatus::Pending),
    ] {
        office.veteran(number, status).await;
    }
    let mut source = "name,email\n".to_owned();
    for row in 1..=10_000 {
        match row {
            700 => source.push_str("only a name\n"),
            800 => source.push_str("a,not an e-mail\n"),
            900 => source.push_str("a,Person1@EXAMPLE.org\n"),
            _ => writeln!(source, "a,person{row}@example.org").expect("written"),
        }
    }
    let before = office.enrolled().await;

    let tried = office.send(&source, true).await;
    let grown = office.run_all(tried).await;
    assert!(grown < 8 * 1024, "memory is flat: {grown} KiB");
    assert_eq!(office.enrolled().await, before, "a dry run changes nothing");
    let import = office.now(tried).await;
    assert_eq!((import.state, import.rows_done, import.rows_total), (ImportState::Done, 10_000, 10_000));

    let done = office.send(&source, false).await;
    let grown = office.run_all(done).await;
    assert!(grown < 8 * 1024, "memory is flat: {grown} KiB");
    let outcomes = office.outcomes(done).await;
    assert_eq!(outcomes, office.outcomes(tried).await, "the dry run has said what would be");
    assert_eq!(outcomes.len(), 10_000, "one bad row stops no other");
    for (row, outcome) in [
        (1, "1 person1@example.org ALREADY"),
        (2, "2 person2@example.org ALREADY"),
        (3, "3 person3@example.org REACTIVATED"),
        (4, "4 person4@example.org REACTIVATED"),
        (5, "5 person5@example.org REACTIVATED"),
        (6, "6 person6@example.org ENROLLED"),
        (700, "700  INVALID"),
        (800, "800 not an e-mail INVALID"),
        (900, "900 person1@example.org DUPLICATE"),
        (9_001, "9001 person9001@example.org UNKNOWN_PERSON"),
    ] {
        assert_eq!(outcomes[row - 1], outcome);
    }
    assert_eq!(office.enrolled().await.len(), 8_997);
    assert_eq!(count(&office.db, "enrollments.welcome").await, 8_995);

    office.undo_all(done).await;
    assert_eq!(office.enrolled().await, before, "every row is as it was");
    let undone =
        "select undo || ' ' || count(*) as text from enrollment_import_rows where undo is not null group by undo";
    assert_eq!(office.db.texts(undone).await, ["RESTORED 8995"]);
    assert_eq!(office.now(done).await.state, ImportState::Undone);
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_a_file_back_undoes_no_completion_and_loses_nothing_learned() {
    let office = Office::open().await;
    office.hire(4).await;
    let id = office
        .send("email\nperson1@example.org\nperson2@example.org\nperson3@example.org\nperson4@example.org\n", false)
        .await;
    office.run().await;
    office.set(1, "status = 'COMPLETED', completed_at = now(), cause = 'COMPLETION'").await;
    office.set(2, "status = 'CANCELLED', cause = 'STAFF'").await;
    let begun = office.set(3, "progress = 0").await;
    let mut conn = office.db.tenant(office.tenant).await;
    let row = shared::enrollments::Enrollment::find(&mut conn, office.tenant, begun.parse().expect("an id")).await;
    drop(conn);
    let enrollment = row.expect("an answer").expect("the enrollment").enrollment;
    make::completed_item(&office.db, &enrollment, &office.course.items[0]).await;

    office.undo(id).await;

    assert_eq!(
        office.undone(id).await,
        [
            "person1@example.org KEPT",
            "person2@example.org KEPT",
            "person3@example.org CANCELLED",
            "person4@example.org RESTORED"
        ]
    );
    assert_eq!(office.enrolled().await.len(), 3);
    assert_eq!(office.db.texts("select status::text as text from learner_progress").await, ["COMPLETED"]);
    let again = office.now(id).await.undo(&mut *office.db.tenant(office.tenant).await).await;
    assert!(again.is_err(), "it is taken back once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_takes_as_many_statements_for_five_hundred_rows_as_for_one() {
    let office = Office::open().await;
    office.hire(500).await;
    let rows: Vec<_> = (1..=500).map(|n| format!("person{n}@example.org")).collect();
    let many = office.send(&format!("email\n{}\n", rows.join("\n")), false).await;
    let other = Office::open().await;
    other.hire(1).await;
    let one = other.send("email\nperson1@example.org\n", false).await;
    let batch = async |office: &Office, id: EnrollmentImportId| {
        let mut conn = office.db.tenant(office.tenant).await;
        let batch = EnrollmentImport::run_batch(&mut conn, office.tenant, id, make::morning());
        let (import, queries) = count_queries(batch).await;
        assert_eq!(import.expect("an answer").expect("a batch").state, ImportState::Done);
        queries
    };
    assert_eq!(batch(&other, one).await, batch(&office, many).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_takes_back_nothing_that_a_later_file_did() {
    let office = Office::open().await;
    office.hire(2).await;
    let first = office.send("email\nperson1@example.org\nperson2@example.org\n", false).await;
    office.run().await;
    office.set(1, "status = 'CANCELLED', cause = 'STAFF', removed = true").await;
    let second = office.send("email\nperson1@example.org\nperson2@example.org\n", false).await;
    office.run().await;

    office.undo(first).await;

    assert_eq!(office.undone(first).await, ["person1@example.org KEPT", "person2@example.org RESTORED"]);
    office.undo(second).await;
    assert_eq!(office.undone(second).await, ["person1@example.org RESTORED"]);
    let left = "select status || ' ' || cause || ' ' || removed as text from enrollments";
    assert_eq!(office.db.texts(left).await, ["CANCELLED STAFF true"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_enrolled_in_a_course_that_was_archived_meanwhile() {
    let office = Office::open().await;
    office.hire(2).await;
    office.veteran(1, EnrollmentStatus::Active).await;
    let source = "email\nperson1@example.org\nperson2@example.org\n";
    let id = office.send(source, false).await;
    office.db.texts("update courses set status = 'ARCHIVED' returning id::text as text").await;

    office.run().await;

    assert_eq!(office.outcomes(id).await, ["1 person1@example.org ALREADY", "2 person2@example.org NOT_OPEN"]);
    assert_eq!(office.enrolled().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_time_is_over_is_let_in_again_before_the_clock_has_noticed() {
    let office = Office::open().await;
    office.hire(1).await;
    office.veteran(1, EnrollmentStatus::Active).await;
    office.set(1, "expires_at = '2026-01-01T00:00:00Z'").await;
    let id = office.send("email\nperson1@example.org\n", false).await;

    office.run().await;

    assert_eq!(office.outcomes(id).await, ["1 person1@example.org REACTIVATED"]);
    let history = "select to_status || ' ' || cause as text from enrollment_changes order by number";
    assert_eq!(office.db.texts(history).await, ["ACTIVE SELF", "EXPIRED CLOCK", "ACTIVE IMPORT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_done_again_goes_on_where_it_was() {
    let office = Office::open().await;
    office.hire(700).await;
    let rows: Vec<_> = (1..=700).map(|n| format!("person{n}@example.org")).collect();
    let id = office.send(&format!("email\n{}\n", rows.join("\n")), false).await;
    let mut conn = office.db.tenant(office.tenant).await;
    EnrollmentImport::run_batch(&mut conn, office.tenant, id, make::morning()).await.expect("a batch");
    drop(conn);
    assert_eq!(office.now(id).await.rows_done, 500);

    office.run().await;

    assert_eq!(office.outcomes(id).await.len(), 700);
    assert_eq!(office.enrolled().await.len(), 700);
    assert_eq!(office.now(id).await.state, ImportState::Done);
}
