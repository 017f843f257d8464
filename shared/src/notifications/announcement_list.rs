//! Announcements, as their authors find them, and what became of them.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Announcement, AnnouncementStatus};
use crate::db::schema::{announcement_recipients, announcements, courses, learner_groups, users};
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::{AnnouncementId, CourseId, GroupId, TenantId, UserId};
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
    /// People, not devices.
    #[diesel(sql_type = BigInt)]
    pub pushes_sent: i64,
    #[diesel(sql_type = BigInt)]
    pub pushes_pending: i64,
    #[diesel(sql_type = BigInt)]
    pub pushes_failed: i64,
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
        let found = wanted()
            .order((announcements::created_at.desc(), announcements::id.desc()))
            .limit(page.limit())
            .offset(page.offset())
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(Page::numbered(with_names(conn, tenant, found).await?, total))
    }

    /// The announcement of this tenant with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: AnnouncementId) -> Result<Option<AnnouncementRow>, Error> {
        let found = announcements::table
            .filter(announcements::tenant_id.eq(tenant))
            .filter(announcements::id.eq(id))
            .select(Self::as_select())
            .load(conn)
            .await?;
        Ok(with_names(conn, tenant, found).await?.pop())
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

/// Each with the names that it speaks of, by one query for each kind of name.
async fn with_names(
    conn: &mut Conn,
    tenant: TenantId,
    found: Vec<Announcement>,
) -> Result<Vec<AnnouncementRow>, Error> {
    let ids: Vec<_> = found.iter().map(|row| row.id).collect();
    let authors: Vec<Person> = users::table
        .filter(users::tenant_id.eq(tenant))
        .filter(users::id.eq_any(found.iter().filter_map(|row| row.author_id).collect::<Vec<_>>()))
        .select(Person::as_select())
        .load(conn)
        .await?;
    let titles: Vec<(CourseId, String, String)> = courses::table
        .filter(courses::tenant_id.eq(tenant))
        .filter(courses::id.eq_any(found.iter().filter_map(|row| row.target_course_id).collect::<Vec<_>>()))
        .select((courses::id, courses::title, courses::slug))
        .load(conn)
        .await?;
    let groups: Vec<(GroupId, String)> = learner_groups::table
        .filter(learner_groups::tenant_id.eq(tenant))
        .filter(learner_groups::id.eq_any(found.iter().filter_map(|row| row.target_group_id).collect::<Vec<_>>()))
        .select((learner_groups::id, learner_groups::name))
        .load(conn)
        .await?;
    let named: Vec<(AnnouncementId, UserId)> = announcement_recipients::table
        .filter(announcement_recipients::tenant_id.eq(tenant))
        .filter(announcement_recipients::announcement_id.eq_any(ids))
        .order((announcement_recipients::announcement_id, announcement_recipients::user_id))
        .select((announcement_recipients::announcement_id, announcement_recipients::user_id))
        .load(conn)
        .await?;
    let dressed = |announcement: Announcement| {
        let course = titles.iter().find(|(id, ..)| Some(*id) == announcement.target_course_id);
        let group = groups.iter().find(|(id, _)| Some(*id) == announcement.target_group_id);
        AnnouncementRow {
            author: authors.iter().find(|author| Some(author.id) == announcement.author_id).cloned(),
            course_title: course.map(|(_, title, _)| title.clone()),
            course_slug: course.map(|(.., slug)| slug.clone()),
            group_name: group.map(|(_, name)| name.clone()),
            people: named.iter().filter(|(id, _)| *id == announcement.id).map(|(_, person)| *person).collect(),
            announcement,
        }
    };
    Ok(found.into_iter().map(dressed).collect())
}
