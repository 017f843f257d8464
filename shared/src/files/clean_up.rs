//! What was left undone: uploads that nobody finishes, contents whose jobs were lost, objects that
//! no row speaks of.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::jobs::{CleanUpTenant, PurgeContent, ScanContent};
use super::{Content, FileStatus, Upload};
use crate::db::schema::{file_contents, file_uploads, tenants};
use crate::db::{Conn, Error};
use crate::ids::{FileContentId, TenantId};
use crate::jobs::enqueue_many;

/// What a single job does at most; the next one goes on.
const AT_ONCE: i64 = 500;

/// After this long a content whose job nobody has done is asked for again.
const PATIENCE: TimeDelta = TimeDelta::hours(1);

/// Asks for every tenant's cleaning up. `conn` is the platform's.
pub async fn request_clean_up(conn: &mut Conn) -> Result<usize, Error> {
    let all: Vec<TenantId> = tenants::table.order(tenants::id).select(tenants::id).load(conn).await?;
    let wanted: Vec<_> = all.into_iter().map(|tenant_id| CleanUpTenant { tenant_id }).collect();
    enqueue_many(conn, &wanted).await
}

/// A tenant's uploads that are given up already or that nobody finishes any more.
pub async fn expired_uploads(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<Vec<Upload>, Error> {
    file_uploads::table
        .filter(file_uploads::tenant_id.eq(tenant))
        .filter(file_uploads::is_closing.or(file_uploads::expires_at.lt(now)))
        .order((file_uploads::expires_at, file_uploads::id))
        .limit(AT_ONCE)
        .select(Upload::as_select())
        .load(conn)
        .await
}

impl Content {
    /// Asks again for what should have been done long ago: looking at contents, and removing those
    /// that were discarded. A job that still waits is not asked for twice.
    pub async fn request_overdue(conn: &mut Conn, tenant: TenantId, now: DateTime<Utc>) -> Result<usize, Error> {
        let unseen: Vec<FileContentId> = file_contents::table
            .filter(file_contents::tenant_id.eq(tenant))
            .filter(file_contents::status.eq(FileStatus::Processing))
            .filter(file_contents::discarded_at.is_null())
            .filter(file_contents::created_at.lt(now - PATIENCE))
            .order(file_contents::created_at)
            .limit(AT_ONCE)
            .select(file_contents::id)
            .load(conn)
            .await?;
        let scans: Vec<_> =
            unseen.into_iter().map(|content_id| ScanContent { tenant_id: tenant, content_id }).collect();
        let left: Vec<FileContentId> = file_contents::table
            .filter(file_contents::tenant_id.eq(tenant))
            .filter(file_contents::discarded_at.lt(now - PATIENCE))
            .filter(file_contents::removed_at.is_null())
            .order(file_contents::discarded_at)
            .limit(AT_ONCE)
            .select(file_contents::id)
            .load(conn)
            .await?;
        let purges: Vec<_> =
            left.into_iter().map(|content_id| PurgeContent { tenant_id: tenant, content_id }).collect();
        Ok(enqueue_many(conn, &scans).await? + enqueue_many(conn, &purges).await?)
    }

    /// Those of these ids of which a row of the tenant speaks: a content, or an upload on its way.
    pub async fn known(
        conn: &mut Conn,
        tenant: TenantId,
        ids: &[FileContentId],
    ) -> Result<HashSet<FileContentId>, Error> {
        let contents: Vec<FileContentId> = file_contents::table
            .filter(file_contents::tenant_id.eq(tenant))
            .filter(file_contents::id.eq_any(ids))
            .select(file_contents::id)
            .load(conn)
            .await?;
        let uploads: Vec<FileContentId> = file_uploads::table
            .filter(file_uploads::tenant_id.eq(tenant))
            .filter(file_uploads::id.eq_any(ids))
            .select(file_uploads::id)
            .load(conn)
            .await?;
        Ok(contents.into_iter().chain(uploads).collect())
    }
}
