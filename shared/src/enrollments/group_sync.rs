//! Enrollments in step with the members of a group: a few statements, however many they are.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::json;

use super::Enrollment;
use super::jobs::WelcomeLearner;
use crate::db::{Conn, Error};
use crate::events::{Event, EventKind};
use crate::ids::{CourseId, EnrollmentId, GroupId, TenantId, UserId};
use crate::jobs;

/// What became of a group's enrollments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Synced {
    /// Enrolled, for the first time or again.
    pub enrolled: usize,
    /// Cancelled, because they are in the group no more.
    pub cancelled: usize,
}

/// Somebody who begins to take part.
#[derive(Debug, Clone, Copy, QueryableByName)]
pub(super) struct Begun {
    #[diesel(sql_type = SqlUuid)]
    pub(super) id: EnrollmentId,
    #[diesel(sql_type = SqlUuid)]
    pub(super) user_id: UserId,
    #[diesel(sql_type = SqlUuid)]
    pub(super) course_id: CourseId,
}

impl Enrollment {
    /// Enrolls the members of a group in what the group learns, and cancels the enrollments of those
    /// who came with it and are members no more. What is completed stays so; what somebody else has
    /// cancelled, or has not approved yet, is theirs to decide.
    pub async fn sync_group(
        conn: &mut Conn,
        tenant: TenantId,
        group: GroupId,
        now: DateTime<Utc>,
    ) -> Result<Synced, Error> {
        conn.transaction(async |conn| {
            hand_over(conn, tenant, group).await?;
            let cancelled = cancel_leavers(conn, tenant, group, now).await?;
            let mut begun = readmit(conn, tenant, group, now).await?;
            begun.extend(admit(conn, tenant, group, now).await?);
            welcome(conn, tenant, &begun, now).await?;
            Ok(Synced { enrolled: begun.len(), cancelled })
        })
        .await
    }
}

/// Who leaves one group and is in another that learns the same, is there by that now.
async fn hand_over(conn: &mut Conn, tenant: TenantId, group: GroupId) -> Result<(), Error> {
    diesel::sql_query(
        "update enrollments e
         set group_id = other.group_id
         from (
             select distinct on (g.course_id, m.user_id) g.course_id, m.user_id, g.group_id
             from group_enrollments g
             join group_memberships m on m.tenant_id = g.tenant_id and m.group_id = g.group_id
             where g.tenant_id = $1 and g.group_id <> $2
             order by g.course_id, m.user_id, g.group_id
         ) as other
         where e.tenant_id = $1 and e.group_id = $2 and e.course_id = other.course_id and e.user_id = other.user_id
           and not exists (
               select from group_enrollments g
               join group_memberships m on m.tenant_id = g.tenant_id and m.group_id = g.group_id
               where g.tenant_id = $1 and g.group_id = $2 and g.course_id = e.course_id and m.user_id = e.user_id)",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(group)
    .execute(conn)
    .await?;
    Ok(())
}

async fn cancel_leavers(conn: &mut Conn, tenant: TenantId, group: GroupId, now: DateTime<Utc>) -> Result<usize, Error> {
    diesel::sql_query(
        "update enrollments e
         set status = 'CANCELLED', cause = 'GROUP', updated_at = $3
         where e.tenant_id = $1 and e.group_id = $2 and e.status in ('ACTIVE', 'PENDING')
           and not exists (
               select from group_enrollments g
               join group_memberships m on m.tenant_id = g.tenant_id and m.group_id = g.group_id
               where g.tenant_id = $1 and g.group_id = $2 and g.course_id = e.course_id and m.user_id = e.user_id)",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(group)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await
}

/// Lets those in again who are back in the group, with what they had learned.
async fn readmit(conn: &mut Conn, tenant: TenantId, group: GroupId, now: DateTime<Utc>) -> Result<Vec<Begun>, Error> {
    diesel::sql_query(
        "update enrollments e
         set status = 'ACTIVE', cause = 'GROUP', group_id = $2, expires_at = null,
             started_at = coalesce(e.started_at, $3), updated_at = $3
         from group_enrollments g
         join group_memberships m on m.tenant_id = g.tenant_id and m.group_id = g.group_id
         join courses c on c.tenant_id = g.tenant_id and c.id = g.course_id and c.status = 'PUBLISHED'
         where g.tenant_id = $1 and g.group_id = $2 and e.tenant_id = $1 and e.course_id = g.course_id
           and e.user_id = m.user_id and e.status = 'CANCELLED' and e.cause = 'GROUP'
         returning e.id, e.user_id, e.course_id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(group)
    .bind::<Timestamptz, _>(now)
    .load(conn)
    .await
}

/// Enrolls those who never were.
async fn admit(conn: &mut Conn, tenant: TenantId, group: GroupId, now: DateTime<Utc>) -> Result<Vec<Begun>, Error> {
    #[derive(QueryableByName)]
    struct Missing {
        #[diesel(sql_type = SqlUuid)]
        user_id: UserId,
        #[diesel(sql_type = SqlUuid)]
        course_id: CourseId,
    }
    let missing: Vec<Missing> = diesel::sql_query(
        "select m.user_id, g.course_id
         from group_enrollments g
         join group_memberships m on m.tenant_id = g.tenant_id and m.group_id = g.group_id
         join users u on u.tenant_id = m.tenant_id and u.id = m.user_id and u.status <> 'DELETED'
         join courses c on c.tenant_id = g.tenant_id and c.id = g.course_id and c.status = 'PUBLISHED'
         where g.tenant_id = $1 and g.group_id = $2
           and not exists (
               select from enrollments e
               where e.tenant_id = $1 and e.course_id = g.course_id and e.user_id = m.user_id)
         order by g.course_id, m.user_id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(group)
    .load(conn)
    .await?;
    let ids: Vec<_> = missing.iter().map(|_| EnrollmentId::new()).collect();
    let people: Vec<_> = missing.iter().map(|missing| missing.user_id).collect();
    let courses: Vec<_> = missing.iter().map(|missing| missing.course_id).collect();
    diesel::sql_query(
        "insert into enrollments
             (id, tenant_id, user_id, course_id, status, cause, group_id, enrolled_at, started_at, updated_at)
         select missing.id, $1, missing.user_id, missing.course_id, 'ACTIVE', 'GROUP', $2, $3, $3, $3
         from unnest($4, $5, $6) as missing (id, user_id, course_id)
         on conflict (tenant_id, course_id, user_id) do nothing
         returning id, user_id, course_id",
    )
    .bind::<SqlUuid, _>(tenant)
    .bind::<SqlUuid, _>(group)
    .bind::<Timestamptz, _>(now)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<SqlUuid>, _>(people)
    .bind::<Array<SqlUuid>, _>(courses)
    .load(conn)
    .await
}

/// What is due when people begin to take part, for many at once.
pub(super) async fn welcome(
    conn: &mut Conn,
    tenant: TenantId,
    begun: &[Begun],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let event = |begun: &Begun| Event {
        tenant,
        kind: EventKind::CourseEnrolled,
        user: Some(begun.user_id),
        course: Some(begun.course_id),
        context: json!({ "enrollment_id": begun.id }),
        dedupe_key: Some(format!("enrolled {}", begun.id)),
    };
    Event::record_all(conn, tenant, begun.iter().map(event), now).await?;
    let welcomes: Vec<_> =
        begun.iter().map(|begun| WelcomeLearner { tenant_id: tenant, enrollment_id: begun.id }).collect();
    jobs::enqueue_many(conn, &welcomes).await?;
    // Everything may have been done before it was cancelled.
    let ids: Vec<_> = begun.iter().map(|begun| begun.id).collect();
    Enrollment::catch_up(conn, tenant, &ids, now).await
}
