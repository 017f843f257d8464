//! The API over a leased database and a clock that stands still.

use api::app::App;
use api::config::Config;
use api::serve::addressed;
use shared::clock::Clock;
use shared::config::Env;
use shared::ids::TenantId;
use shared::jobs::Job;
use shared::testing::{TestDb, make};
use shared::users::{User, UserRole};

use super::Client;

/// An API of the test's own.
#[derive(Debug)]
pub(crate) struct TestApp {
    pub(crate) db: TestDb,
    pub(crate) app: App,
}

impl TestApp {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With this besides in its environment.
    pub(crate) async fn start_with(more: &[(&str, &str)]) -> Self {
        let db = TestDb::lease().await;
        let pairs = [
            ("LMS_ENV", "development"),
            ("DATABASE_URL", db.url.as_str()),
            ("REDIS_URL", "redis://127.0.0.1:1"),
            ("AWS_STORAGE_BUCKET_NAME", "lms"),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test-secret"),
            ("AWS_S3_ENDPOINT_URL", "http://127.0.0.1:1"),
        ];
        let pairs = pairs.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let env = Env::from_pairs(pairs);
        let config = Config::from_env(env).expect("a configuration");
        let app = App::with_pool(config, Clock::set_to(make::morning()), db.pool.clone()).expect("an application");
        Self { db, app }
    }

    /// A new tenant's id.
    pub(crate) async fn tenant(&self) -> TenantId {
        make::tenant(&self.db).await.id
    }

    /// Nobody in particular.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(addressed(self.app.clone()), None, None)
    }

    /// A new person of this role, signed in.
    pub(crate) async fn as_role(&self, tenant: TenantId, role: UserRole) -> Client {
        let user = make::user(tenant).role(role).make(&self.db).await;
        self.as_user(&user).await
    }

    /// Somebody who is there already, signed in on a new device.
    pub(crate) async fn as_existing(&self, tenant: TenantId, id: shared::ids::UserId) -> Client {
        let user =
            User::find(&mut *self.db.tenant(tenant).await, tenant, id).await.expect("an answer").expect("somebody");
        self.as_user(&user).await
    }

    /// A superuser, signed in.
    pub(crate) async fn as_superuser(&self) -> Client {
        let user = make::user(None).make(&self.db).await;
        self.as_user(&user).await
    }

    /// This person, signed in on a new device.
    pub(crate) async fn as_user(&self, user: &User) -> Client {
        let session = make::session(&self.db, user).await;
        let token =
            self.app.tokens.issue(user.id, session, user.tenant_id, user.role, self.app.clock.now()).expect("a token");
        Client::new(addressed(self.app.clone()), Some(token), Some(user.clone()))
    }

    /// Somebody with this password, not signed in. Made by `maker`, so that the test says who.
    pub(crate) async fn with_password(&self, maker: make::UserMaker, password: &str) -> User {
        let hash = self.app.passwords.hash(password.to_owned()).await.expect("a hash");
        maker.password_hash(&hash).make(&self.db).await
    }

    /// The jobs of a kind that were asked for, oldest first.
    pub(crate) async fn enqueued<J: Job>(&self) -> Vec<J> {
        let query = format!("select args::text as text from jobs where kind = '{}' order by id", J::NAME);
        let rows = self.db.texts(&query).await;
        rows.iter().map(|row| serde_json::from_str(row).expect("a payload")).collect()
    }
}
