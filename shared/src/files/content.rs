//! Bytes in the object store: looked at once, never changed.

use chrono::{DateTime, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::{MakeThumbnails, PurgeContent};
use super::{Family, Kind, Quota};
use crate::db::schema::{file_contents, file_versions, files, sql_types};
use crate::db::{Conn, Error, sql_enum};
use crate::ids::{FileContentId, FileId, TenantId};
use crate::jobs;

sql_enum! {
    /// Whether people get it.
    FileStatus: sql_types::FileStatus {
        /// It waits to be looked at.
        Processing = "PROCESSING" | "PENDING",
        /// They do.
        Available = "AVAILABLE",
        /// Never: it is harmful, or not what it says it is.
        Rejected = "REJECTED" | "ERROR",
    }
}

sql_enum! {
    /// What was found in it.
    ScanResult: sql_types::ScanResult {
        /// Nothing, by a virus scanner.
        Clean = "CLEAN",
        /// Nothing, by looking at its form only.
        Skipped = "SKIPPED",
        /// A virus.
        Infected = "INFECTED",
        /// Something else for which it is rejected.
        Refused = "REFUSED",
    }
}

/// Bytes in the object store.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = file_contents, treat_none_as_default_value = false)]
pub struct Content {
    pub id: FileContentId,
    pub tenant_id: TenantId,
    pub size_bytes: i64,
    pub media_type: String,
    /// What the client has promised, until it was looked at.
    pub sha256: Option<Vec<u8>>,
    pub status: FileStatus,
    pub scan_result: Option<ScanResult>,
    pub scan_details: Option<String>,
    pub scanned_at: Option<DateTime<Utc>>,
    /// In pixels, of pictures.
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub thumbnails_at: Option<DateTime<Utc>>,
    pub discarded_at: Option<DateTime<Utc>>,
    pub removed_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// What a look at a content has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub verdict: Verdict,
    /// Of the whole content.
    pub sha256: Vec<u8>,
    /// In pixels, of pictures.
    pub dimensions: Option<(i32, i32)>,
}

/// Whether a content may pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// A virus scanner has found nothing.
    Clean,
    /// It has the form that it should have; no virus scanner has seen it, because of this.
    Unscanned(&'static str),
    /// A virus scanner has found this.
    Infected(String),
    /// It is not what it says it is, or harmful, because of this.
    Refused(String),
}

/// A smaller picture of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThumbnailSize {
    Small,
    Medium,
    Large,
}

impl ThumbnailSize {
    /// All, smallest first.
    pub const ALL: [Self; 3] = [Self::Small, Self::Medium, Self::Large];

    /// As it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// It fits into a square of so many pixels.
    pub const fn pixels(self) -> u32 {
        match self {
            Self::Small => 150,
            Self::Medium => 300,
            Self::Large => 600,
        }
    }
}

/// How the keys of a tenant's contents begin; of everybody's, without a tenant.
pub fn store_prefix(tenant: Option<TenantId>) -> String {
    tenant.map_or_else(|| "files/".to_owned(), |tenant| format!("files/{tenant}/"))
}

/// Where a content lies. No name of a person's is in it.
pub fn original_key(tenant: TenantId, id: FileContentId) -> String {
    format!("files/{tenant}/{id}/original")
}

/// Where a smaller picture of it lies.
pub fn thumbnail_key(tenant: TenantId, id: FileContentId, size: ThumbnailSize) -> String {
    format!("files/{tenant}/{id}/{}.jpg", size.name())
}

impl Content {
    /// The tenant's content with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: FileContentId) -> Result<Option<Self>, Error> {
        file_contents::table
            .filter(file_contents::tenant_id.eq(tenant))
            .filter(file_contents::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Where it lies.
    pub fn key(&self) -> String {
        original_key(self.tenant_id, self.id)
    }

    /// The kind of file that it is.
    pub fn kind(&self) -> Option<&'static Kind> {
        Kind::of_media_type(&self.media_type)
    }

    /// Whether smaller pictures can be made of it.
    pub fn is_picture(&self) -> bool {
        self.kind().is_some_and(|kind| kind.family == Family::Picture)
    }

    /// Writes down what was found, once: false when somebody has done it before. What passes
    /// becomes current where it is the newest; what does not is discarded.
    pub async fn settle(&self, conn: &mut Conn, finding: &Finding, now: DateTime<Utc>) -> Result<bool, Error> {
        let (status, result, details) = match &finding.verdict {
            Verdict::Clean => (FileStatus::Available, ScanResult::Clean, None),
            Verdict::Unscanned(why) => (FileStatus::Available, ScanResult::Skipped, Some((*why).to_owned())),
            Verdict::Infected(what) => (FileStatus::Rejected, ScanResult::Infected, Some(what.clone())),
            Verdict::Refused(why) => (FileStatus::Rejected, ScanResult::Refused, Some(why.clone())),
        };
        conn.transaction(async |conn| {
            let settled = diesel::update(self)
                .filter(file_contents::tenant_id.eq(self.tenant_id))
                .filter(file_contents::status.eq(FileStatus::Processing))
                .filter(file_contents::discarded_at.is_null())
                .set((
                    file_contents::status.eq(status),
                    file_contents::scan_result.eq(result),
                    file_contents::scan_details.eq(details),
                    file_contents::scanned_at.eq(now),
                    file_contents::sha256.eq(&finding.sha256),
                    file_contents::width.eq(finding.dimensions.map(|(width, _)| width)),
                    file_contents::height.eq(finding.dimensions.map(|(_, height)| height)),
                ))
                .execute(conn)
                .await?;
            if settled == 0 {
                return Ok(false);
            }
            if status == FileStatus::Available {
                self.become_current(conn, now).await?;
            } else {
                discard(conn, self.tenant_id, &[self.id], now).await?;
            }
            Ok(true)
        })
        .await
    }

    /// Where it is a newer version than the current one, it is the current one from now on.
    async fn become_current(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        let versions = file_versions::table
            .filter(file_versions::tenant_id.eq(self.tenant_id))
            .filter(file_versions::content_id.eq(self.id))
            .select((file_versions::file_id, file_versions::number))
            .load::<(FileId, i32)>(conn)
            .await?;
        // One, unless the version was restored before it was looked at, which is refused.
        for (file, number) in versions {
            diesel::update(files::table.filter(files::tenant_id.eq(self.tenant_id)).filter(files::id.eq(file)))
                .filter(files::version_number.lt(number))
                .set((
                    files::content_id.eq(self.id),
                    files::version_number.eq(number),
                    files::version.eq(files::version + 1),
                    files::updated_at.eq(now),
                ))
                .execute(conn)
                .await?;
        }
        if self.is_picture() {
            jobs::enqueue(conn, &MakeThumbnails { tenant_id: self.tenant_id, content_id: self.id }).await?;
        }
        Ok(())
    }

    /// Notes that its smaller pictures are stored; false when it was discarded meanwhile.
    pub async fn has_thumbnails(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
        let noted = diesel::update(self)
            .filter(file_contents::tenant_id.eq(self.tenant_id))
            .filter(file_contents::discarded_at.is_null())
            .set(file_contents::thumbnails_at.eq(now))
            .execute(conn)
            .await?;
        Ok(noted == 1)
    }

    /// Notes that it has left the store. What no version has is forgotten altogether; what one has
    /// says on why it was rejected.
    pub async fn purged(&self, conn: &mut Conn, now: DateTime<Utc>) -> Result<(), Error> {
        let has_version = file_versions::table
            .filter(file_versions::tenant_id.eq(file_contents::tenant_id))
            .filter(file_versions::content_id.eq(file_contents::id));
        let this = || {
            file_contents::table
                .filter(file_contents::tenant_id.eq(self.tenant_id))
                .filter(file_contents::id.eq(self.id))
                .filter(file_contents::discarded_at.is_not_null())
        };
        conn.transaction(async |conn| {
            diesel::delete(this().filter(not(exists(has_version)))).execute(conn).await?;
            diesel::update(this()).set(file_contents::removed_at.eq(now)).execute(conn).await?;
            Ok(())
        })
        .await
    }
}

/// Discards contents: they count no longer, and jobs remove them from the store.
pub(super) async fn discard(
    conn: &mut Conn,
    tenant: TenantId,
    contents: &[FileContentId],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let discarded = diesel::update(file_contents::table)
        .filter(file_contents::tenant_id.eq(tenant))
        .filter(file_contents::id.eq_any(contents))
        .filter(file_contents::discarded_at.is_null())
        .set(file_contents::discarded_at.eq(now))
        .returning(file_contents::size_bytes)
        .get_results::<i64>(conn)
        .await?;
    Quota::give_back(conn, tenant, discarded.iter().sum()).await?;
    // Also of those that were discarded before: their rows can go when their file does.
    let purges: Vec<_> = contents.iter().map(|&content_id| PurgeContent { tenant_id: tenant, content_id }).collect();
    jobs::enqueue_many(conn, &purges).await?;
    Ok(())
}
