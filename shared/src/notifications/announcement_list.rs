//! Announcements, as their authors find them, and what became of them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Announcement, AnnouncementStatus};
use crate::db::schema::{announcement_recipients, announcements, courses, learner_groups, users};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{AnnouncementId, TenantId, UserId};
use crate::users::Person;

/// An announcement with the names that it speaks of.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnouncementRow {
    pub announcement: Announcement,
    pub author: Option<Person>,
    pub course_title: Option<String>,
    pub course_slug: Option<String>,
    pub group_name: Option<String>,
    /// Whom it names.
    pub people: Vec<UserId>,
}

type Columns = (Announcement, Option<Person>, Option<String>, Option<String>, Option<String>);

/// What became of an announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct AnnouncementStats {
    /// Whom it has told: those meant, but for those who do not want to hear of it.
    #[diesel(sql_type = BigInt)]
    pub notified: i64,
    /// Whom it has reached by some channel.
    #[diesel(sql_type = BigInt)]
    pub delivered: i64,
    #[diesel(sql_type = BigInt)]
    pub emails_sent: i64,
    #[diesel(sql_type = BigInt)]
    pub emails_pending: i64,
    #[diesel(sql_type = BigInt)]
    pub emails_failed: i64,
    /// Who has read it in the application.
    #[diesel(sql_type = BigInt)]
    pub read: i64,
}

impl Announcement {
    /// The tenant's announcements, or one author's, newest first.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        author: Option<UserId>,
        status: Option<AnnouncementStatus>,
        page: Numbered,
    ) -> Result<Page<AnnouncementRow>, Error> {
        let wanted = || {
            let mut query = announcements::table.filter(announcements::tenant_id.eq(tenant)).into_boxed();
            if let Some(author) = author {
                query = query.filter(announcements::author_id.eq(author));
            }
            if let Some(status) = status {
                query = query.filter(announcements::status.eq(status));
            }
            query
        };
        let total = wanted().count().get_result(conn).await?;
        let ids: Vec<AnnouncementId> = wanted()
            .order((announcements::created_at.desc(), announcements::id.desc()))
            .limit(page.limit())
            .offset(page.offset())
            .select(announcements::id)
            .load(conn)
            .await?;
        Ok(Page::numbered(rows(conn, tenant, &ids).await?, total))
    }

    /// The announcement of this tenant with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: AnnouncementId) -> Result<Option<AnnouncementRow>, Error> {
        Ok(rows(conn, tenant, &[id]).await?.pop())
    }

    /// What became of it, counted.
    pub async fn stats(&self, conn: &mut Conn) -> Result<AnnouncementStats, Error> {
        diesel::sql_query(include_str!("announcement_stats.sql"))
            .bind::<SqlUuid, _>(self.tenant_id.0)
            .bind::<SqlUuid, _>(self.id)
            .get_result(conn)
            .await
    }
}

async fn rows(conn: &mut Conn, tenant: TenantId, ids: &[AnnouncementId]) -> Result<Vec<AnnouncementRow>, Error> {
    let found: Vec<Columns> = announcements::table
        .left_join(users::table)
        .left_join(courses::table.on(courses::id.nullable().eq(announcements::target_course_id)))
        .left_join(learner_groups::table)
        .filter(announcements::tenant_id.eq(tenant))
        .filter(announcements::id.eq_any(ids))
        .order((announcements::created_at.desc(), announcements::id.desc()))
        .select((
            Announcement::as_select(),
            Option::<Person>::as_select(),
            courses::title.nullable(),
            courses::slug.nullable(),
            learner_groups::name.nullable(),
        ))
        .load(conn)
        .await?;
    let named: Vec<(AnnouncementId, UserId)> = announcement_recipients::table
        .filter(announcement_recipients::tenant_id.eq(tenant))
        .filter(announcement_recipients::announcement_id.eq_any(ids))
        .order((announcement_recipients::announcement_id, announcement_recipients::user_id))
        .select((announcement_recipients::announcement_id, announcement_recipients::user_id))
        .load(conn)
        .await?;
    Ok(found
        .into_iter()
        .map(|(announcement, author, course_title, course_slug, group_name)| AnnouncementRow {
            people: named.iter().filter(|(id, _)| *id == announcement.id).map(|(_, person)| *person).collect(),
            announcement,
            author,
            course_title,
            course_slug,
            group_name,
        })
        .collect())
}
