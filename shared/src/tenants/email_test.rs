//! Trying a tenant's mail server out.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::TestEmailSettings;
use crate::db::schema::tenant_email_tests;
use crate::db::{Conn, Error};
use crate::ids::{JobId, TenantId};
use crate::jobs::{JobOptions, enqueue_with};

/// A mail that tries a tenant's server out, until it was sent. It is a row of its own because
/// anybody's address may be given: the job is kept for days and shown to operators.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenant_email_tests)]
pub struct EmailTest {
    pub job_id: JobId,
    pub tenant_id: TenantId,
    /// An e-mail address.
    pub recipient: String,
}

impl EmailTest {
    /// Asks for it; the job's result tells how it went.
    pub async fn ask(conn: &mut Conn, tenant: TenantId, recipient: String, asks: JobOptions) -> Result<JobId, Error> {
        conn.transaction(async |conn| {
            let job_id = enqueue_with(conn, &TestEmailSettings { tenant_id: tenant }, asks).await?.id();
            let test = Self { job_id, tenant_id: tenant, recipient };
            diesel::insert_into(tenant_email_tests::table).values(&test).execute(conn).await?;
            Ok(job_id)
        })
        .await
    }

    /// The one that this job makes.
    pub async fn of(conn: &mut Conn, tenant: TenantId, job: JobId) -> Result<Option<Self>, Error> {
        tenant_email_tests::table
            .filter(tenant_email_tests::tenant_id.eq(tenant))
            .filter(tenant_email_tests::job_id.eq(job))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Forgets to whom it went.
    pub async fn forget(self, conn: &mut Conn) -> Result<(), Error> {
        let its = tenant_email_tests::table.filter(tenant_email_tests::tenant_id.eq(self.tenant_id));
        diesel::delete(its.filter(tenant_email_tests::job_id.eq(self.job_id))).execute(conn).await?;
        Ok(())
    }
}
