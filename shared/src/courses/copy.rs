//! A copy of a course with all that is in it, to begin the next one with.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::jobs::CopyContents;
use super::{Authorship, Course, CourseError, CourseStatus, places, slug_of};
use crate::db::schema::{content_items, course_prerequisites, module_prerequisites};
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, CourseId, ModulePrerequisiteId, PrerequisiteId, UserId};
use crate::jobs;

/// Courses with so many items are copied while somebody waits; larger ones by a job.
const AT_ONCE: usize = 500;

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Copied {
    /// It is there with all that is in it.
    Whole(Course),
    /// It is there, and what is in it follows.
    Begun(Course),
}

impl Course {
    /// Copies it with its modules, items and prerequisites: a draft of `owner`. The copy shares
    /// nothing with it but the files that items show; learners and their progress stay behind.
    pub async fn copy(
        &self,
        conn: &mut Conn,
        title: Option<String>,
        owner: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<Copied, CourseError> {
        conn.transaction(async |conn| {
            let source = Self::lock(conn, self.tenant_id, self.id).await?.ok_or(CourseError::Gone)?;
            let title = title.unwrap_or_else(|| title_of_copy(&source.title));
            let copy = Self {
                id: CourseId::new(),
                slug: slug_of(&title),
                title,
                instructor_id: owner,
                status: CourseStatus::Draft,
                published_at: None,
                version: 1,
                created_at: now,
                updated_at: now,
                ..source.clone()
            };
            let copy = copy.insert(conn).await?;
            let items = items_of(conn, &source).await?;
            if items.len() > AT_ONCE {
                let job = CopyContents { tenant_id: copy.tenant_id, from: source.id, to: copy.id, by: owner };
                jobs::enqueue(conn, &job).await?;
                return Ok(Copied::Begun(copy));
            }
            copy_contents(conn, &source, &copy, owner, now).await?;
            Ok(Copied::Whole(copy))
        })
        .await
    }
}

fn title_of_copy(title: &str) -> String {
    const BEHIND: &str = " (copy)";
    let shortened: String = title.chars().take(255 - BEHIND.len()).collect();
    format!("{}{BEHIND}", shortened.trim_end())
}

/// Copies what is in a course into an empty one: as many statements for a thousand items as for one.
pub async fn copy_contents(
    conn: &mut Conn,
    from: &Course,
    to: &Course,
    by: Option<UserId>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let modules = Renamed::of(places::modules_of(conn, from).await?.into_iter().map(|id| id.0));
    let items = Renamed::of(items_of(conn, from).await?.into_iter().map(|id| id.0));
    let copying = Copying { from, to, now };
    copying.modules(conn, &modules).await?;
    copying.items(conn, &modules, &items).await?;
    copying.attachments(conn, &items).await?;
    copying.versions(conn, &items, Authorship { author: by, comment: &format!("Copied from {}", from.title) }).await?;
    copying.prerequisites(conn).await?;
    copying.module_prerequisites(conn, &modules).await
}

/// The ids of some rows, and those of their copies.
struct Renamed {
    old: Vec<Uuid>,
    new: Vec<Uuid>,
}

impl Renamed {
    fn of(old: impl Iterator<Item = Uuid>) -> Self {
        let (old, new) = old.map(|id| (id, Uuid::now_v7())).unzip();
        Self { old, new }
    }
}

async fn items_of(conn: &mut Conn, course: &Course) -> Result<Vec<ContentItemId>, Error> {
    content_items::table
        .filter(content_items::tenant_id.eq(course.tenant_id))
        .filter(content_items::course_id.eq(course.id))
        .order(content_items::id)
        .select(content_items::id)
        .load(conn)
        .await
}

struct Copying<'a> {
    from: &'a Course,
    to: &'a Course,
    now: DateTime<Utc>,
}

impl Copying<'_> {
    async fn modules(&self, conn: &mut Conn, modules: &Renamed) -> Result<(), Error> {
        diesel::sql_query(
            "insert into modules (id, tenant_id, course_id, title, description, position,
                 release_at, release_after_days, available_until, created_at, updated_at)
             select renamed.new_id, m.tenant_id, $4, m.title, m.description, m.position,
                 m.release_at, m.release_after_days, m.available_until, $5, $5
             from unnest($2, $3) as renamed (old_id, new_id)
             join modules m on m.tenant_id = $1 and m.id = renamed.old_id",
        )
        .bind::<SqlUuid, _>(self.to.tenant_id)
        .bind::<Array<SqlUuid>, _>(&modules.old)
        .bind::<Array<SqlUuid>, _>(&modules.new)
        .bind::<SqlUuid, _>(self.to.id)
        .bind::<Timestamptz, _>(self.now)
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn items(&self, conn: &mut Conn, modules: &Renamed, items: &Renamed) -> Result<(), Error> {
        diesel::sql_query(
            "insert into content_items (id, tenant_id, course_id, module_id, title, content_type, position, text_content,
                 external_url, metadata, is_published, is_required, release_at, release_after_days, available_until,
                 created_at, updated_at)
             select renamed.new_id, i.tenant_id, $4, module.new_id, i.title, i.content_type, i.position, i.text_content,
                 i.external_url, i.metadata, i.is_published, i.is_required, i.release_at, i.release_after_days,
                 i.available_until, $5, $5
             from unnest($2, $3) as renamed (old_id, new_id)
             join content_items i on i.tenant_id = $1 and i.id = renamed.old_id
             join unnest($6, $7) as module (old_id, new_id) on module.old_id = i.module_id",
        )
        .bind::<SqlUuid, _>(self.to.tenant_id)
        .bind::<Array<SqlUuid>, _>(&items.old)
        .bind::<Array<SqlUuid>, _>(&items.new)
        .bind::<SqlUuid, _>(self.to.id)
        .bind::<Timestamptz, _>(self.now)
        .bind::<Array<SqlUuid>, _>(&modules.old)
        .bind::<Array<SqlUuid>, _>(&modules.new)
        .execute(conn)
        .await?;
        Ok(())
    }

    /// The copies show the same files. A file stays as long as any item shows it, and who may open one
    /// of these may download it.
    async fn attachments(&self, conn: &mut Conn, items: &Renamed) -> Result<(), Error> {
        diesel::sql_query(
            "insert into file_attachments (content_item_id, tenant_id, file_id)
             select renamed.new_id, a.tenant_id, a.file_id
             from unnest($2, $3) as renamed (old_id, new_id)
             join file_attachments a on a.tenant_id = $1 and a.content_item_id = renamed.old_id",
        )
        .bind::<SqlUuid, _>(self.to.tenant_id)
        .bind::<Array<SqlUuid>, _>(&items.old)
        .bind::<Array<SqlUuid>, _>(&items.new)
        .execute(conn)
        .await?;
        Ok(())
    }

    /// The history begins anew.
    async fn versions(&self, conn: &mut Conn, items: &Renamed, by: Authorship<'_>) -> Result<(), Error> {
        let versions: Vec<_> = items.new.iter().map(|_| Uuid::now_v7()).collect();
        let comment: String = by.comment.chars().take(1_000).collect();
        diesel::sql_query(
            "insert into content_versions (id, tenant_id, course_id, content_item_id, number, title, content_type,
                 text_content, external_url, metadata, comment, author_id, created_at, knows_file, file_id, filename)
             select named.version_id, i.tenant_id, i.course_id, i.id, 1, i.title, i.content_type,
                 i.text_content, i.external_url, i.metadata, $4, $5, $6, true, f.id, f.filename
             from unnest($2, $3) as named (item_id, version_id)
             join content_items i on i.tenant_id = $1 and i.id = named.item_id
             left join file_attachments a on a.tenant_id = i.tenant_id and a.content_item_id = i.id
             left join files f on f.tenant_id = a.tenant_id and f.id = a.file_id",
        )
        .bind::<SqlUuid, _>(self.to.tenant_id)
        .bind::<Array<SqlUuid>, _>(&items.new)
        .bind::<Array<SqlUuid>, _>(versions)
        .bind::<Text, _>(comment)
        .bind::<Nullable<SqlUuid>, _>(by.author)
        .bind::<Timestamptz, _>(self.now)
        .execute(conn)
        .await?;
        Ok(())
    }

    async fn prerequisites(&self, conn: &mut Conn) -> Result<(), Error> {
        let old: Vec<PrerequisiteId> = course_prerequisites::table
            .filter(course_prerequisites::tenant_id.eq(self.from.tenant_id))
            .filter(course_prerequisites::course_id.eq(self.from.id))
            .select(course_prerequisites::id)
            .load(conn)
            .await?;
        let renamed = Renamed::of(old.into_iter().map(|id| id.0));
        diesel::sql_query(
            "insert into course_prerequisites (id, tenant_id, course_id, prerequisite_course_id, prerequisite_type,
                 minimum_completion_percentage, created_at)
             select renamed.new_id, p.tenant_id, $4, p.prerequisite_course_id, p.prerequisite_type,
                 p.minimum_completion_percentage, $5
             from unnest($2, $3) as renamed (old_id, new_id)
             join course_prerequisites p on p.tenant_id = $1 and p.id = renamed.old_id",
        )
        .bind::<SqlUuid, _>(self.to.tenant_id)
        .bind::<Array<SqlUuid>, _>(&renamed.old)
        .bind::<Array<SqlUuid>, _>(&renamed.new)
        .bind::<SqlUuid, _>(self.to.id)
        .bind::<Timestamptz, _>(self.now)
        .execute(conn)
        .await?;
        Ok(())
    }

    /// Between modules of the course they are between the copies now; what lies in another course
    /// stays where it is.
    async fn module_prerequisites(&self, conn: &mut Conn, modules: &Renamed) -> Result<(), Error> {
        let old: Vec<ModulePrerequisiteId> = module_prerequisites::table
            .filter(module_prerequisites::tenant_id.eq(self.from.tenant_id))
            .filter(module_prerequisites::course_id.eq(self.from.id))
            .select(module_prerequisites::id)
            .load(conn)
            .await?;
        let renamed = Renamed::of(old.into_iter().map(|id| id.0));
        diesel::sql_query(
            "insert into module_prerequisites (id, tenant_id, course_id, module_id, prerequisite_course_id,
                 prerequisite_module_id, prerequisite_type, created_at)
             select renamed.new_id, p.tenant_id, $4, module.new_id,
                 case when before.new_id is null then p.prerequisite_course_id else $4 end,
                 coalesce(before.new_id, p.prerequisite_module_id), p.prerequisite_type, $5
             from unnest($2, $3) as renamed (old_id, new_id)
             join module_prerequisites p on p.tenant_id = $1 and p.id = renamed.old_id
             join unnest($6, $7) as module (old_id, new_id) on module.old_id = p.module_id
             left join unnest($6, $7) as before (old_id, new_id) on before.old_id = p.prerequisite_module_id",
        )
        .bind::<SqlUuid, _>(self.to.tenant_id)
        .bind::<Array<SqlUuid>, _>(&renamed.old)
        .bind::<Array<SqlUuid>, _>(&renamed.new)
        .bind::<SqlUuid, _>(self.to.id)
        .bind::<Timestamptz, _>(self.now)
        .bind::<Array<SqlUuid>, _>(&modules.old)
        .bind::<Array<SqlUuid>, _>(&modules.new)
        .execute(conn)
        .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::title_of_copy;

    #[test]
    fn a_copy_says_what_it_is_and_keeps_to_the_length() {
        assert_eq!(title_of_copy("Python"), "Python (copy)");
        assert_eq!(title_of_copy(&"ü".repeat(255)).chars().count(), 255);
    }
}
