//! A course.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;

use super::{CourseError, rich_text, slug_of};
use crate::db::schema::{courses, sql_types, users};
use crate::db::{Conn, Error, sql_enum};
use crate::ids::{CourseId, TenantId, UserId};
use crate::users::{UserRole, UserStatus};

sql_enum! {
    /// Who may see a course.
    CourseStatus: sql_types::CourseStatus {
        /// Its instructor.
        Draft = "DRAFT",
        /// Everybody of the tenant.
        Published = "PUBLISHED",
        /// Its instructor, and those who take part.
        Archived = "ARCHIVED",
    }
}

sql_enum! {
    /// For whom a course is.
    DifficultyLevel: sql_types::DifficultyLevel {
        /// Those who know nothing of it.
        Beginner = "beginner",
        /// Those who know something.
        Intermediate = "intermediate",
        /// Those who know a lot.
        Advanced = "advanced",
    }
}

/// A course.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Identifiable, Insertable)]
#[diesel(table_name = courses, treat_none_as_default_value = false)]
pub struct Course {
    pub id: CourseId,
    pub tenant_id: TenantId,
    pub title: String,
    /// For addresses; unique in the tenant. Stays when the title changes.
    pub slug: String,
    pub description: String,
    pub category: String,
    pub difficulty_level: DifficultyLevel,
    /// Hours.
    pub estimated_duration: i32,
    pub price_cents: i64,
    pub is_free: bool,
    /// Enrolling oneself waits for an instructor.
    pub requires_approval: bool,
    /// A list of texts.
    pub learning_objectives: Value,
    /// A list of texts.
    pub tags: Value,
    pub thumbnail: Option<String>,
    pub instructor_id: Option<UserId>,
    pub status: CourseStatus,
    /// When it was first published.
    pub published_at: Option<DateTime<Utc>>,
    pub version: i32,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A course about to be made.
#[derive(Debug, Clone)]
pub struct NewCourse {
    pub title: String,
    pub description: String,
    pub category: String,
    pub difficulty_level: DifficultyLevel,
    pub estimated_duration: i32,
    pub price_cents: i64,
    /// Free when it has no price, unless said otherwise.
    pub is_free: Option<bool>,
    pub requires_approval: bool,
    pub learning_objectives: Vec<String>,
    pub tags: Vec<String>,
    pub thumbnail: Option<String>,
    pub instructor_id: Option<UserId>,
    pub status: CourseStatus,
}

/// What changes of a course. What is none stays.
#[derive(Debug, Clone, Default, AsChangeset)]
#[diesel(table_name = courses)]
pub struct CourseChanges {
    pub title: Option<String>,
    pub description: Option<String>,
    pub category: Option<String>,
    pub difficulty_level: Option<DifficultyLevel>,
    pub estimated_duration: Option<i32>,
    pub price_cents: Option<i64>,
    pub is_free: Option<bool>,
    pub requires_approval: Option<bool>,
    pub learning_objectives: Option<Value>,
    pub tags: Option<Value>,
    pub thumbnail: Option<Option<String>>,
    pub instructor_id: Option<Option<UserId>>,
    /// Goes the way of [`Course::publish`] and [`Course::archive`], and has the same done.
    #[diesel(skip_update)]
    pub status: Option<CourseStatus>,
}

/// A free course costs nothing, and one with a price is not free unless that is said.
fn settle_price(price_cents: i64, is_free: Option<bool>) -> (i64, bool) {
    match is_free {
        Some(true) => (0, true),
        Some(false) => (price_cents, false),
        None => (price_cents, price_cents == 0),
    }
}

impl Course {
    /// Whether this person runs it: it is theirs, or they run the tenant.
    pub fn is_run_by(&self, user: UserId, role: UserRole) -> bool {
        match role {
            UserRole::Admin => true,
            UserRole::Instructor => self.instructor_id == Some(user),
            UserRole::Learner => false,
        }
    }

    /// Makes a course, under a slug of its own.
    pub async fn create(
        conn: &mut Conn,
        tenant: TenantId,
        new: NewCourse,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        conn.transaction(async |conn| {
            if let Some(instructor) = new.instructor_id {
                require_teacher(conn, tenant, instructor).await?;
            }
            let (price_cents, is_free) = settle_price(new.price_cents, new.is_free);
            let published = new.status == CourseStatus::Published;
            let course = Self {
                id: CourseId::new(),
                tenant_id: tenant,
                slug: slug_of(&new.title),
                title: new.title,
                description: rich_text::clean(&new.description),
                category: new.category,
                difficulty_level: new.difficulty_level,
                estimated_duration: new.estimated_duration,
                price_cents,
                is_free,
                requires_approval: new.requires_approval,
                learning_objectives: new.learning_objectives.into(),
                tags: new.tags.into(),
                thumbnail: new.thumbnail,
                instructor_id: new.instructor_id,
                status: new.status,
                published_at: published.then_some(now),
                version: 1,
                created_at: now,
                updated_at: now,
            };
            Ok(course.insert(conn).await?)
        })
        .await
    }

    /// Inserts it under the first slug that is free: its own, or its own with a number.
    pub(super) async fn insert(mut self, conn: &mut Conn) -> Result<Self, Error> {
        let wanted = self.slug.clone();
        let mut number = 1_u32;
        loop {
            let inserted = diesel::insert_into(courses::table)
                .values(&self)
                .on_conflict((courses::tenant_id, courses::slug))
                .do_nothing()
                .execute(conn)
                .await?;
            if inserted == 1 {
                return Ok(self);
            }
            number += 1;
            // The first few are for people to read; then the id, which nobody else has.
            self.slug =
                if number < 20 { format!("{wanted}-{number}") } else { format!("{wanted}-{}", self.id.0.simple()) };
        }
    }

    /// Changes it, if `seen` is its version or none is asked for.
    pub async fn update(
        &self,
        conn: &mut Conn,
        mut changes: CourseChanges,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<Self, CourseError> {
        changes.description = changes.description.map(|text| rich_text::clean(&text));
        conn.transaction(async |conn| {
            let course = Self::lock(conn, self.tenant_id, self.id).await?.ok_or(CourseError::Gone)?;
            if seen.is_some_and(|seen| seen != course.version) {
                return Err(CourseError::Changed);
            }
            if let Some(Some(instructor)) = changes.instructor_id {
                require_teacher(conn, self.tenant_id, instructor).await?;
            }
            if changes.price_cents.is_some() || changes.is_free.is_some() {
                let price = changes.price_cents.unwrap_or(course.price_cents);
                let (price_cents, is_free) = settle_price(price, changes.is_free);
                changes.price_cents = Some(price_cents);
                changes.is_free = Some(is_free);
            }
            // The status that it has already is none to be given: forms send all that they show.
            if let Some(status) = changes.status.filter(|status| *status != course.status) {
                course.turn(conn, &[course.status], status, now).await?;
            }
            Ok(diesel::update(&course)
                .set((&changes, courses::version.eq(courses::version + 1), courses::updated_at.eq(now)))
                .returning(Self::as_returning())
                .get_result(conn)
                .await?)
        })
        .await
    }

    /// The course of this tenant with this id, held until the transaction ends: its modules are
    /// put in order by one at a time.
    pub(super) async fn lock(conn: &mut Conn, tenant: TenantId, id: CourseId) -> Result<Option<Self>, Error> {
        courses::table
            .filter(courses::tenant_id.eq(tenant))
            .filter(courses::id.eq(id))
            .select(Self::as_select())
            .for_update()
            .first(conn)
            .await
            .optional()
    }

    /// The course of this tenant with this id.
    pub async fn find(conn: &mut Conn, tenant: TenantId, id: CourseId) -> Result<Option<Self>, Error> {
        courses::table
            .filter(courses::tenant_id.eq(tenant))
            .filter(courses::id.eq(id))
            .select(Self::as_select())
            .first(conn)
            .await
            .optional()
    }
}

/// Refuses an instructor who does not teach in this tenant.
async fn require_teacher(conn: &mut Conn, tenant: TenantId, user: UserId) -> Result<(), CourseError> {
    let found = users::table
        .filter(users::tenant_id.eq(tenant))
        .filter(users::id.eq(user))
        .filter(users::role.eq_any([UserRole::Instructor, UserRole::Admin]))
        .filter(users::status.eq_any([UserStatus::Active, UserStatus::Invited]))
        .select(users::id)
        .first::<UserId>(conn)
        .await
        .optional()?;
    found.map(|_| ()).ok_or(CourseError::NoSuchInstructor)
}

#[cfg(test)]
mod tests {
    use super::settle_price;

    #[test]
    fn a_free_course_costs_nothing() {
        for (price, is_free, settled) in [
            (0, None, (0, true)),
            (4_900, None, (4_900, false)),
            (4_900, Some(true), (0, true)),
            (4_900, Some(false), (4_900, false)),
            (0, Some(false), (0, false)),
        ] {
            assert_eq!(settle_price(price, is_free), settled, "{price} {is_free:?}");
        }
    }
}
