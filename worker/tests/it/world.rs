//! A tenant with a learner and a course, an object store and a mail server, all for one test.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::TimeDelta;
use devtools::mail::{MailSink, Message};
use devtools::s3::S3Server;
use shared::clock::Clock;
use shared::enrollments::{Enrollment, EnrollmentStatus};
use shared::ids::TenantId;
use shared::jobs::{Job, enqueue};
use shared::testing::TestDb;
use shared::testing::make::{self, MadeCourse};
use shared::users::User;
use tempfile::TempDir;
use worker::context::Services;
use worker::drain::drain;

use crate::support::services_with;

const ANYWHERE: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

pub(crate) struct World {
    pub(crate) services: Services,
    pub(crate) mail: MailSink,
    pub(crate) tenant: TenantId,
    pub(crate) alice: User,
    pub(crate) course: MadeCourse,
    s3: S3Server,
    _files: TempDir,
    /// The last to go: until then nobody else has it.
    pub(crate) db: TestDb,
}

impl World {
    pub(crate) async fn make() -> Self {
        Self::make_with(&[]).await
    }

    /// With this besides in the worker's environment.
    pub(crate) async fn make_with(besides: &[(&str, String)]) -> Self {
        let db = TestDb::lease().await;
        let files = tempfile::tempdir().expect("a folder");
        let anywhere = SocketAddr::from(ANYWHERE);
        let s3 = S3Server::start(anywhere, files.path(), "access", "secret", &["lms"]).await.expect("a store");
        let mail = MailSink::start(anywhere, None).await.expect("a mail server");
        let more = [("AWS_S3_ENDPOINT_URL", s3.endpoint()), ("EMAIL_PORT", mail.address().port().to_string())];
        let more: Vec<_> = more.into_iter().chain(besides.iter().cloned()).collect();
        let services = services_with(&db, Clock::set_to(make::morning()), &more);

        let tenant = make::tenant(&db).await.id;
        let alice = make::user(tenant).name("Alice", "Williams").email("alice@example.org").make(&db).await;
        let teacher = make::user(tenant).name("Tom", "Teacher").make(&db).await;
        let title = |course: &mut shared::courses::Course| {
            "Knots & <Splices>".clone_into(&mut course.title);
            "knots".clone_into(&mut course.slug);
        };
        let course = make::course(tenant).but(title).owned_by(&teacher).published().make(&db).await;
        Self { db, services, mail, tenant, alice, course, s3, _files: files }
    }

    /// Where the object store is.
    pub(crate) fn s3_endpoint(&self) -> String {
        self.s3.endpoint()
    }

    /// Alice in the course.
    pub(crate) async fn enrollment(&self, status: EnrollmentStatus) -> Enrollment {
        make::enrollment(&self.alice, &self.course).status(status).make(&self.db).await
    }

    pub(crate) async fn enqueue<J: Job>(&self, job: &J) {
        enqueue(&mut *self.db.tenant(self.tenant).await, job).await.expect("enqueued");
    }

    /// A job of the platform.
    pub(crate) async fn enqueue_platform<J: Job>(&self, job: &J) {
        enqueue(&mut *self.db.platform().await, job).await.expect("enqueued");
    }

    /// Runs all that is due, and what that asks for.
    pub(crate) async fn work(&self) -> Vec<(String, &'static str)> {
        drain(&self.services, worker::registry, self.services.clock.now()).await.expect("drained")
    }

    /// The same, some time later.
    pub(crate) async fn work_after(&self, time: TimeDelta) -> Vec<(String, &'static str)> {
        self.services.clock.advance(time);
        // What failed waits by the database's clock, which stands by itself.
        drain(&self.services, worker::registry, chrono::Utc::now() + time).await.expect("drained")
    }

    /// How often each kind ran, and how it ended.
    pub(crate) fn outcomes<'a>(runs: &'a [(String, &'static str)], kind: &str) -> Vec<&'a str> {
        runs.iter().filter(|(name, _)| name == kind).map(|(_, outcome)| *outcome).collect()
    }

    /// The mails about something, by a word of their subject.
    pub(crate) fn mails(&self, about: &str) -> Vec<Arc<Message>> {
        self.mail.messages().into_iter().filter(|mail| mail.subject.contains(about)).collect()
    }

    /// One column of the database, seen from behind.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        self.db.texts(query).await
    }
}
