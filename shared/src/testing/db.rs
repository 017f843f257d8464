//! A fresh database for each test, by lease.
//!
//! A template is migrated once for each set of migrations (named by their hash), and a few copies
//! are made of it. A test takes a copy by an advisory lock, which its own connection holds, so a
//! crash gives it back; and empties it before use, so the rows of a failed test stay to be looked
//! at. Emptying costs milliseconds where making a database costs hundreds
//! (`docs/adr/0003-leased-test-databases.md`).

use std::time::Duration;

use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use sha2::{Digest, Sha256};

use crate::db::{Conn, Pool, PoolSettings, Scope, ScopedConn, migrate};
use crate::ids::TenantId;

/// Copies of the template: at least as many as tests run at once.
const COPIES: u32 = 12;

/// How long a test waits for a connection: whatever else the machine does, it gets one.
const PATIENCE: Duration = Duration::from_secs(30);

/// A leased database. Everything in it is the test's own until it is dropped.
pub struct TestDb {
    /// The server's own pool, as in production: no right to cross tenants.
    pub pool: Pool,
    /// The URL of the login that the pool uses.
    pub url: String,
    /// The URL of the owner, for looking behind the curtain.
    pub owner_url: String,
    _lease: Conn,
}

impl std::fmt::Debug for TestDb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestDb").field("url", &self.url).finish_non_exhaustive()
    }
}

impl TestDb {
    /// Leases an empty, migrated database of the server at `TEST_DATABASE_URL`.
    ///
    /// # Panics
    /// There is no such server: `./lms test` starts one.
    #[expect(clippy::disallowed_methods, reason = "the launcher tells tests where their server is")]
    pub async fn lease() -> Self {
        let admin_url = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL names a PostgreSQL server for tests; `./lms test` starts one");
        let family = format!("lms_test_{}", fingerprint());
        let mut lease = Conn::establish(&admin_url).await.expect("the test server answers");
        prepare_copies(&mut lease, &admin_url, &family).await;
        let number = take_lock(&mut lease, &family).await;

        let database = format!("{family}_{number}");
        // A test may have had it for reading only, and have failed.
        let may_write = format!("alter database {database} reset default_transaction_read_only");
        lease.batch_execute(&may_write).await.expect("may be written");
        let owner_url = with_database(&admin_url, &database);
        empty(&owner_url).await;
        let settings =
            PoolSettings { size: 8, wait: PATIENCE, connect: PATIENCE, ..PoolSettings::new(with_login(&owner_url)) };
        let pool = Pool::new(&settings).expect("a pool");
        Self { pool, url: settings.url, owner_url, _lease: lease }
    }

    /// A connection in a tenant.
    pub async fn tenant(&self, tenant: TenantId) -> ScopedConn {
        self.pool.get(Scope::Tenant(tenant)).await.expect("a connection")
    }

    /// A connection across tenants.
    pub async fn platform(&self) -> ScopedConn {
        self.pool.get(Scope::Platform).await.expect("a connection")
    }

    /// A connection of the relay.
    pub async fn relay(&self) -> ScopedConn {
        self.pool.get(Scope::Relay).await.expect("a connection")
    }

    /// Looks behind the curtain: the column `text` of whatever `query` finds, as the owner.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            text: String,
        }
        let rows: Vec<Row> = diesel::sql_query(query)
            .load(&mut self.owner().await)
            .await
            .unwrap_or_else(|error| panic!("{query}: {error}"));
        rows.into_iter().map(|row| row.text).collect()
    }

    /// A connection that sees everything and may do anything, for looking behind the curtain.
    pub async fn owner(&self) -> Conn {
        Conn::establish(&self.owner_url).await.expect("a connection")
    }
}

/// Names the set of migrations that is compiled in: another set, another template.
fn fingerprint() -> String {
    let mut hash = Sha256::new();
    hash.update(env!("MIGRATIONS_FINGERPRINT"));
    hash.update(include_bytes!("../db/roles.sql"));
    hex::encode(hash.finalize()).chars().take(12).collect()
}

/// Makes the template and its copies, once for all processes.
async fn prepare_copies(conn: &mut Conn, admin_url: &str, family: &str) {
    let last = format!("{family}_{}", COPIES - 1);
    if database_exists(conn, &last).await {
        return;
    }
    diesel::sql_query("select pg_advisory_lock(hashtext($1))")
        .bind::<Text, _>(family)
        .execute(conn)
        .await
        .expect("the lock");
    if !database_exists(conn, &last).await {
        let template = format!("{family}_template");
        conn.batch_execute(&format!("drop database if exists {template}")).await.expect("dropped");
        conn.batch_execute(&format!("create database {template}")).await.expect("created");
        conn.batch_execute(
            "do $$ begin
                perform pg_advisory_xact_lock(hashtext('lms roles'));
                if not exists (select from pg_roles where rolname = 'lms_server') then create role lms_server login; end if;
            end $$",
        )
        .await
        .expect("the server's login");
        migrate(&with_database(admin_url, &template), Some("lms_server")).await.expect("migrated");
        for number in 0..COPIES {
            let copy = format!("{family}_{number}");
            conn.batch_execute(&format!("drop database if exists {copy}")).await.expect("dropped");
            conn.batch_execute(&format!("create database {copy} template {template}")).await.expect("copied");
        }
    }
    diesel::sql_query("select pg_advisory_unlock(hashtext($1))")
        .bind::<Text, _>(family)
        .execute(conn)
        .await
        .expect("unlocked");
}

async fn database_exists(conn: &mut Conn, name: &str) -> bool {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        found: bool,
    }
    diesel::sql_query("select exists (select from pg_database where datname = $1) as found")
        .bind::<Text, _>(name)
        .get_result::<Row>(conn)
        .await
        .expect("an answer")
        .found
}

/// Takes whichever copy is free; when none is, waits for one.
async fn take_lock(conn: &mut Conn, family: &str) -> u32 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Bool)]
        taken: bool,
    }
    let offset = std::process::id() % COPIES;
    for round in 0..COPIES {
        let number = (round + offset) % COPIES;
        let row: Row = diesel::sql_query("select pg_try_advisory_lock(hashtext($1), $2::integer) as taken")
            .bind::<Text, _>(family)
            .bind::<BigInt, _>(i64::from(number))
            .get_result(conn)
            .await
            .expect("an answer");
        if row.taken {
            return number;
        }
    }
    diesel::sql_query("select pg_advisory_lock(hashtext($1), $2::integer)")
        .bind::<Text, _>(family)
        .bind::<BigInt, _>(i64::from(offset))
        .execute(conn)
        .await
        .expect("a copy became free");
    offset
}

/// Empties every table but those that migrations fill.
async fn empty(owner_url: &str) {
    let mut conn = Conn::establish(owner_url).await.expect("the leased database");
    conn.batch_execute(
        "set session_replication_role = replica;
         do $$
         declare name text;
         begin
            -- Connections that an earlier holder left behind must not write into ours: wait until they are gone.
            perform pg_terminate_backend(pid, 20000) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid();
            for name in
                select c.relname from pg_class c
                where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
                  and c.relname not in ('__diesel_schema_migrations', 'job_queues')
            loop
                -- To truncate takes longer than to delete a few, but leaves no room of the deleted behind.
                if pg_relation_size(quote_ident(name)::regclass) > 1024 * 1024 then
                    execute format('truncate %I cascade', name);
                else
                    execute format('delete from %I', name);
                end if;
            end loop;
            alter table jobs reset (autovacuum_enabled);
            delete from platform_settings;
            insert into platform_settings default values;
            update job_queues set paused_at = default, ticket_window = default, tenant_cap = default,
                max_backlog = default, tenant_backlog = default, is_full = default, cursor_tenant = default;
         end $$;",
    )
    .await
    .expect("emptied");
    if super::tenant_filters_are_off() {
        super::unfiltered::prepare(&mut conn).await;
    }
}

fn with_database(url: &str, database: &str) -> String {
    let mut url = url::Url::parse(url).expect("a URL");
    url.set_path(database);
    url.into()
}

fn with_login(url: &str) -> String {
    let mut url = url::Url::parse(url).expect("a URL");
    url.set_username("lms_server").expect("a user name");
    url.into()
}
