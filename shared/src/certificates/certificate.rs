//! A certificate: issued once, drawn by the worker, revocable.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;
use uuid::Uuid;

use super::CertificateRule;
use super::jobs::{CertificateReady, DiscardPage, RenderCertificate};
use crate::db::schema::{certificates, courses, enrollments, sql_types, users};
use crate::db::{Conn, Error, Numbered, Page, sql_enum};
use crate::enrollments::Audience;
use crate::events::{Event, EventKind};
use crate::ids::{CertificateId, CourseId, EnrollmentId, TenantId, UserId};
use crate::jobs::{JobOptions, enqueue, enqueue_with};
use crate::tenants::Feature;

sql_enum! {
    /// How far a certificate is.
    CertificateStatus: sql_types::CertificateStatus {
        /// Earned; its page is being drawn.
        Pending = "PENDING",
        /// There to be downloaded.
        Issued = "ISSUED",
        /// Taken back.
        Revoked = "REVOKED",
    }
}

/// A proof of a completed course. Names are as they were when it was issued.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = certificates, treat_none_as_default_value = false)]
pub struct Certificate {
    pub id: CertificateId,
    pub tenant_id: TenantId,
    pub enrollment_id: EnrollmentId,
    pub user_id: UserId,
    pub course_id: CourseId,
    pub status: CertificateStatus,
    pub learner_name: String,
    pub course_title: String,
    pub instructor_name: Option<String>,
    pub description: String,
    /// Whoever knows it may verify the certificate.
    pub verification_code: Uuid,
    pub issued_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub revoked_because: Option<String>,
    /// Where the page lies in the object store.
    pub file_key: Option<String>,
    pub file_size_bytes: Option<i64>,
    pub rendered_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    /// Since when its present term runs, if not since it was issued.
    pub renewed_at: Option<DateTime<Utc>>,
}

/// What became of a wish to issue.
#[derive(Debug, Clone, PartialEq)]
pub enum Issued {
    /// Here it is.
    New(Certificate),
    /// There was one.
    Already(Certificate),
    /// The tenant gives none just now.
    SwitchedOff,
    /// The enrollment is not there, or not completed.
    NotEarned,
}

/// Which certificates are meant; what is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct CertificateFilter {
    /// This person's.
    pub user: Option<UserId>,
    /// Of this course.
    pub course: Option<CourseId>,
    /// Of the course with this slug.
    pub course_slug: Option<String>,
    /// In this state.
    pub status: Option<CertificateStatus>,
}

/// How long a replaced page stays: longer than any link to it.
const KEPT_FOR: TimeDelta = TimeDelta::hours(1);

/// What stands on a page for a person without a name: an e-mail is nobody's business.
const NAMELESS: &str = "Learner";

impl Certificate {
    /// Issues the certificate of a completed enrollment, once however often it is asked for, tells
    /// of it, and has its page drawn. None while the tenant has certificates switched off, and none
    /// afterwards for what was completed then.
    pub async fn issue(
        conn: &mut Conn,
        tenant: TenantId,
        enrollment: EnrollmentId,
        now: DateTime<Utc>,
    ) -> Result<Issued, Error> {
        conn.transaction(async |conn| {
            if !Feature::Certificates.is_on(conn, tenant).await? {
                return Ok(Issued::SwitchedOff);
            }
            let Some(earned) = Self::earned(conn, tenant, enrollment, now).await? else {
                return Ok(Issued::NotEarned);
            };
            let new = diesel::insert_into(certificates::table)
                .values(&earned)
                .on_conflict(certificates::enrollment_id)
                .do_nothing()
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?;
            let Some(certificate) = new else {
                let already = certificates::table
                    .filter(certificates::tenant_id.eq(tenant))
                    .filter(certificates::enrollment_id.eq(enrollment))
                    .select(Self::as_select())
                    .first(conn)
                    .await?;
                return Ok(Issued::Already(already));
            };
            let event = Event {
                tenant,
                kind: EventKind::CertificateIssued,
                user: Some(certificate.user_id),
                course: Some(certificate.course_id),
                context: json!({ "certificate_id": certificate.id, "enrollment_id": enrollment }),
                dedupe_key: Some(format!("certificate_issued:{enrollment}")),
            };
            event.record(conn, now).await?;
            enqueue(conn, &RenderCertificate { tenant_id: tenant, certificate_id: certificate.id }).await?;
            Ok(Issued::New(certificate))
        })
        .await
    }

    /// The certificate that a completed enrollment has earned.
    async fn earned(
        conn: &mut Conn,
        tenant: TenantId,
        enrollment: EnrollmentId,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        let instructors = diesel::alias!(users as instructors);
        let found = enrollments::table
            .inner_join(users::table)
            .inner_join(courses::table)
            .left_join(instructors.on(instructors.field(users::id).nullable().eq(courses::instructor_id)))
            .filter(enrollments::tenant_id.eq(tenant))
            .filter(enrollments::id.eq(enrollment))
            .filter(enrollments::completed_at.is_not_null())
            .select((
                (enrollments::user_id, enrollments::course_id, enrollments::completed_at.assume_not_null()),
                (users::first_name, users::last_name),
                courses::title,
                instructors.fields((users::first_name, users::last_name)).nullable(),
            ))
            .first::<((UserId, CourseId, DateTime<Utc>), (String, String), String, Option<(String, String)>)>(conn)
            .await
            .optional()?;
        let Some(((user_id, course_id, completed_at), learner, course_title, instructor)) = found else {
            return Ok(None);
        };
        let rule = CertificateRule::of(conn, tenant, course_id, now).await?;
        Ok(Some(Self {
            id: CertificateId::new(),
            tenant_id: tenant,
            enrollment_id: enrollment,
            user_id,
            course_id,
            status: CertificateStatus::Pending,
            learner_name: name(&learner).unwrap_or_else(|| NAMELESS.to_owned()),
            description: format!("For completing the course \u{201c}{course_title}\u{201d}."),
            course_title,
            instructor_name: instructor.as_ref().and_then(name),
            // Random, not by time: whoever has one code must not guess the next.
            verification_code: Uuid::new_v4(),
            issued_at: completed_at,
            expires_at: rule.expiry(completed_at),
            revoked_at: None,
            revoked_because: None,
            file_key: None,
            file_size_bytes: None,
            rendered_at: None,
            updated_at: now,
            renewed_at: None,
        }))
    }

    /// The tenant's certificate with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: CertificateId) -> Result<Option<Self>, Error> {
        Self::find_visible(conn, tenant, id, Audience::Tenant).await
    }

    /// The tenant's certificate with this id, if it is among those that may be seen.
    pub async fn find_visible(
        conn: &mut Conn,
        tenant: TenantId,
        id: CertificateId,
        audience: Audience,
    ) -> Result<Option<Self>, Error> {
        certificates::table
            .filter(certificates::tenant_id.eq(tenant))
            .filter(certificates::id.eq(id))
            .filter(is_visible(audience))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }

    /// Those of the tenant's certificates that may be seen, newest first.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        audience: Audience,
        filter: &CertificateFilter,
        page: Numbered,
    ) -> Result<Page<Self>, Error> {
        let matching = || {
            let mut query = certificates::table
                .filter(certificates::tenant_id.eq(tenant))
                .filter(is_visible(audience))
                .into_boxed();
            if let Some(user) = filter.user {
                query = query.filter(certificates::user_id.eq(user));
            }
            if let Some(course) = filter.course {
                query = query.filter(certificates::course_id.eq(course));
            }
            if let Some(slug) = &filter.course_slug {
                query = query.filter(exists(
                    courses::table
                        .filter(courses::tenant_id.eq(certificates::tenant_id))
                        .filter(courses::id.eq(certificates::course_id))
                        .filter(courses::slug.eq(slug)),
                ));
            }
            if let Some(status) = filter.status {
                query = query.filter(certificates::status.eq(status));
            }
            query
        };
        let total = matching().count().get_result(conn).await?;
        let items = matching()
            .order((certificates::issued_at.desc(), certificates::id))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(items, total))
    }

    /// Whether the page that is stored says what the certificate says.
    pub fn is_drawn(&self) -> bool {
        self.rendered_at == Some(self.updated_at)
    }

    /// Notes that the page which was drawn for `self` is stored, tells of it when it is the first,
    /// and has the one before it removed. `None` when the certificate has changed since it was
    /// read: what was drawn is not what it says now.
    pub async fn stored(
        &self,
        conn: &mut Conn,
        file_key: &str,
        size_bytes: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<Self>, Error> {
        let at = after(self.updated_at, now);
        conn.transaction(async |conn| {
            let stored = diesel::update(self)
                .filter(certificates::tenant_id.eq(self.tenant_id))
                .filter(certificates::status.ne(CertificateStatus::Revoked))
                .filter(certificates::updated_at.eq(self.updated_at))
                .set((
                    certificates::status.eq(CertificateStatus::Issued),
                    certificates::file_key.eq(file_key),
                    certificates::file_size_bytes.eq(size_bytes),
                    certificates::rendered_at.eq(at),
                    certificates::updated_at.eq(at),
                ))
                .returning(Self::as_returning())
                .get_result(conn)
                .await
                .optional()?;
            if stored.is_none() {
                return Ok(None);
            }
            let (tenant_id, certificate_id) = (self.tenant_id, self.id);
            match self.file_key.as_deref() {
                None => {
                    enqueue(conn, &CertificateReady { tenant_id, certificate_id }).await?;
                }
                Some(old) if old != file_key => {
                    let job = DiscardPage { tenant_id, certificate_id, file_key: old.to_owned() };
                    let options = JobOptions { run_at: Some(now + KEPT_FOR), ..JobOptions::default() };
                    enqueue_with(conn, &job, options).await?;
                }
                Some(_) => {}
            }
            Ok(stored)
        })
        .await
    }
}

fn is_visible(audience: Audience) -> Box<dyn BoxableExpression<certificates::table, Pg, SqlType = Bool>> {
    match audience {
        Audience::Tenant => Box::new(true.into_sql::<Bool>()),
        Audience::Own(user) => Box::new(certificates::user_id.eq(user)),
        Audience::Instructor(user) => {
            let taught = courses::table
                .filter(courses::tenant_id.eq(certificates::tenant_id))
                .filter(courses::id.eq(certificates::course_id))
                .filter(courses::instructor_id.eq(user));
            Box::new(certificates::user_id.eq(user).or(exists(taught)))
        }
    }
}

/// The time of a change: never that of the change before it, because a page that was drawn for an
/// older state is known by it.
pub(super) fn after(before: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    now.max(before + TimeDelta::microseconds(1))
}

pub(super) fn name((first, last): &(String, String)) -> Option<String> {
    let name = format!("{} {}", first.trim(), last.trim());
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
