//! Acts that are worth a line in the log and change no row of an audited table.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;

use crate::db::schema::audit_log;
use crate::db::{Conn, Error};
use crate::ids::TenantId;

/// Something that was done.
#[derive(Debug, Clone, Default)]
pub struct Act<'a> {
    /// Where; none for the platform itself.
    pub tenant: Option<TenantId>,
    /// What, as a verb: `sign_in_refused`, `replay`, `pause`.
    pub action: &'a str,
    /// To a row of which table, or to what else: `users`, `jobs`, `job_queues`.
    pub subject_type: &'a str,
    /// To which.
    pub subject_id: Option<String>,
    /// What that is called.
    pub subject_name: Option<String>,
    /// Details.
    pub after: Option<Value>,
}

impl Act<'_> {
    /// Writes it down, in the caller's transaction. Who did it is known to the connection.
    pub async fn record(&self, conn: &mut Conn) -> Result<(), Error> {
        diesel::insert_into(audit_log::table)
            .values((
                audit_log::tenant_id.eq(self.tenant.filter(|tenant| *tenant != TenantId::PLATFORM)),
                audit_log::action.eq(self.action),
                audit_log::subject_type.eq(self.subject_type),
                audit_log::subject_id.eq(&self.subject_id),
                audit_log::subject_name.eq(&self.subject_name),
                audit_log::after.eq(&self.after),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }
}
