//! How far a learner is with the modules of a course.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::Enrollment;
use crate::courses::{Access, Decision, ModuleGate, Window};
use crate::db::schema::modules;
use crate::db::{Conn, Error, Numbered, Page};
use crate::ids::ModuleId;

/// How far a learner is with a module.
#[derive(Debug, Clone, PartialEq)]
pub struct ModuleProgress {
    pub id: ModuleId,
    pub title: String,
    pub decision: Decision,
    /// Its required, published items.
    pub required: i64,
    /// Those of them that are done.
    pub done: i64,
    pub percent: i16,
    /// When the last of them was done, if all are and there is at least one.
    pub completed_at: Option<DateTime<Utc>>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = SqlUuid)]
    module_id: ModuleId,
    #[diesel(sql_type = BigInt)]
    required: i64,
    #[diesel(sql_type = BigInt)]
    done: i64,
    #[diesel(sql_type = SmallInt)]
    percent: i16,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_at: Option<DateTime<Utc>>,
}

impl ModuleProgress {
    /// The modules of an enrollment's course in the course's order, and how far its learner, of whom
    /// `access` tells, is with each.
    pub async fn list(
        conn: &mut Conn,
        enrollment: &Enrollment,
        access: &Access,
        page: Numbered,
    ) -> Result<Page<Self>, Error> {
        if access.course().hides() {
            return Ok(Page::numbered(Vec::new(), 0));
        }
        let of_course = || {
            modules::table
                .filter(modules::tenant_id.eq(enrollment.tenant_id))
                .filter(modules::course_id.eq(enrollment.course_id))
        };
        let found: Vec<(ModuleId, String, Window)> = of_course()
            .order((modules::position, modules::id))
            .limit(page.limit())
            .offset(page.offset())
            .select((
                modules::id,
                modules::title,
                (modules::release_at, modules::release_after_days, modules::available_until),
            ))
            .load(conn)
            .await?;
        let total = of_course().select(count_star()).get_result(conn).await?;
        let mut counted = count(conn, enrollment, found.iter().map(|(id, ..)| *id).collect()).await?;
        let row = |(id, title, window): (ModuleId, String, Window)| {
            let decision = access.module(ModuleGate { id, window });
            let counted = counted.remove(&id);
            let (required, done) = counted.as_ref().map_or((0, 0), |counted| (counted.required, counted.done));
            let percent = counted.as_ref().map_or(0, |counted| counted.percent);
            let is_done = required > 0 && done == required;
            let completed_at = counted.and_then(|counted| counted.last_at).filter(|_| is_done);
            Self { id, title, decision, required, done, percent, completed_at }
        };
        Ok(Page::numbered(found.into_iter().map(row).collect(), total))
    }
}

async fn count(
    conn: &mut Conn,
    enrollment: &Enrollment,
    modules: Vec<ModuleId>,
) -> Result<HashMap<ModuleId, Counted>, Error> {
    let rows: Vec<Counted> = diesel::sql_query(
        "select i.module_id, count(*) as required, count(*) filter (where p.status = 'COMPLETED') as done,
             percent_done(count(*) filter (where p.status = 'COMPLETED'), count(*)) as percent,
             max(p.completed_at) as last_at
         from content_items i
         left join learner_progress p on p.enrollment_id = $2 and p.content_item_id = i.id
         where i.tenant_id = $1 and i.module_id = any ($3) and i.is_published and i.is_required
         group by i.module_id",
    )
    .bind::<SqlUuid, _>(enrollment.tenant_id)
    .bind::<SqlUuid, _>(enrollment.id)
    .bind::<Array<SqlUuid>, _>(modules)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.module_id, row)).collect())
}
