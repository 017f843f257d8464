//! Courses with their modules and content.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};

use super::Seed;
use super::catalog::{COURSES, DemoCourse};
use crate::courses::{ContentItem, ContentType, CourseStatus, DifficultyLevel, PrerequisiteType};
use crate::db::schema::{
    content_items, content_versions, course_prerequisites, courses, module_prerequisites, modules,
};
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, ContentVersionId, CourseId, ModuleId, ModulePrerequisiteId, PrerequisiteId};

/// What was made, for those who learn it.
pub(super) struct Outline {
    pub(super) courses: Vec<OutlinedCourse>,
    pub(super) modules: usize,
}

/// A course and the items that count.
pub(super) struct OutlinedCourse {
    pub(super) id: CourseId,
    pub(super) title: &'static str,
    pub(super) slug: &'static str,
    pub(super) items: Vec<ContentItemId>,
    /// The one that a player of packages shows, if there is one.
    played: Option<(ContentItemId, ContentType)>,
}

impl OutlinedCourse {
    /// What a player has told of somebody who has completed this item.
    pub(super) fn told_by_player(&self, item: ContentItemId) -> Value {
        match self.played.filter(|(played, _)| *played == item) {
            Some((_, ContentType::Scorm)) => json!({
                "scorm_version": "1.2", "lesson_status": "passed", "lesson_location": "slide-12",
                "score_raw": 90, "score_min": 0, "score_max": 100, "total_time": "00:21:30", "suspend_data": "s=12;a=1",
            }),
            Some(_) => json!({
                "h5p_content_id": "612", "last_verb": "completed", "completion": true, "success": true,
                "score_raw": 9, "score_max": 10, "score_scaled": 0.9, "duration": "PT12M", "state": "{\"slide\":12}",
            }),
            None => json!({}),
        }
    }
}

/// By a course's place in the catalog: what its first exercise is a package of.
fn package(position: usize) -> Option<ContentType> {
    match position {
        1 => Some(ContentType::Scorm),
        2 => Some(ContentType::H5p),
        _ => None,
    }
}

/// The course whose last module opens only so many days after one has begun.
const OPENS_LATER: (&str, i32) = ("project-management-professional", 14);

fn opens_after(course: &DemoCourse, module: usize) -> Option<i32> {
    let (slug, days) = OPENS_LATER;
    (course.slug == slug && module + 1 == course.modules.len()).then_some(days)
}

impl Seed<'_> {
    /// Six published courses, 38 modules, four items in each.
    pub(super) async fn courses(&self, conn: &mut Conn) -> Result<Outline, Error> {
        let mut outline = Outline { courses: Vec::new(), modules: 0 };
        for (position, course) in COURSES.iter().enumerate() {
            let id = CourseId(self.id(course.slug));
            self.course(conn, id, position, course).await?;
            let mut items: Vec<ContentItemId> = Vec::new();
            for (number, (title, lesson)) in course.modules.iter().enumerate() {
                items.extend(self.module(conn, id, course, number, title, lesson).await?);
            }
            self.last_after_first(conn, id, course).await?;
            let played = self.packaged(conn, package(position), items.get(2)).await?;
            outline.modules += course.modules.len();
            outline.courses.push(OutlinedCourse { id, title: course.title, slug: course.slug, items, played });
        }
        self.recommendation(conn, &outline).await?;
        self.first_versions(conn).await?;
        Ok(outline)
    }

    /// Makes the first exercise of a course a package that is played.
    async fn packaged(
        &self,
        conn: &mut Conn,
        kind: Option<ContentType>,
        item: Option<&ContentItemId>,
    ) -> Result<Option<(ContentItemId, ContentType)>, Error> {
        let (Some(kind), Some(item)) = (kind, item) else { return Ok(None) };
        diesel::update(content_items::table.find(*item))
            .set((
                content_items::content_type.eq(kind),
                content_items::text_content.eq(None::<String>),
                content_items::external_url.eq("https://h5p.org/h5p/embed/612"),
            ))
            .execute(conn)
            .await?;
        Ok(Some((*item, kind)))
    }

    /// What every item was at its beginning.
    async fn first_versions(&self, conn: &mut Conn) -> Result<(), Error> {
        let items: Vec<ContentItem> = content_items::table
            .filter(content_items::tenant_id.eq(self.tenant))
            .select(ContentItem::as_select())
            .load(conn)
            .await?;
        let author = self.instructor(0);
        let version = |item: ContentItem| {
            (
                content_versions::id.eq(ContentVersionId(self.id(&format!("version of {}", item.id)))),
                content_versions::tenant_id.eq(item.tenant_id),
                content_versions::course_id.eq(item.course_id),
                content_versions::content_item_id.eq(item.id),
                content_versions::number.eq(1),
                content_versions::title.eq(item.title),
                content_versions::content_type.eq(item.content_type),
                content_versions::text_content.eq(item.text_content),
                content_versions::external_url.eq(item.external_url),
                content_versions::metadata.eq(item.metadata),
                content_versions::author_id.eq(author),
                content_versions::created_at.eq(item.created_at),
            )
        };
        for chunk in items.chunks(100) {
            let rows: Vec<_> = chunk.iter().cloned().map(version).collect();
            diesel::insert_into(content_versions::table).values(rows).execute(conn).await?;
        }
        Ok(())
    }

    /// The last module of a course builds on its first.
    async fn last_after_first(&self, conn: &mut Conn, course: CourseId, about: &DemoCourse) -> Result<(), Error> {
        let named = |number: usize| ModuleId(self.id(&format!("{} module {number}", about.slug)));
        let (first, last) = (named(0), named(about.modules.len().saturating_sub(1)));
        if first == last {
            return Ok(());
        }
        diesel::insert_into(module_prerequisites::table)
            .values((
                module_prerequisites::id.eq(ModulePrerequisiteId(self.id(&format!("{} last after first", about.slug)))),
                module_prerequisites::tenant_id.eq(self.tenant),
                module_prerequisites::course_id.eq(course),
                module_prerequisites::module_id.eq(last),
                module_prerequisites::prerequisite_course_id.eq(course),
                module_prerequisites::prerequisite_module_id.eq(first),
                module_prerequisites::prerequisite_type.eq(PrerequisiteType::Required),
                module_prerequisites::created_at.eq(self.days_ago(100)),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    /// Data science is easier for those who have done the introduction.
    async fn recommendation(&self, conn: &mut Conn, outline: &Outline) -> Result<(), Error> {
        let [before, _, after, ..] = outline.courses.as_slice() else { return Ok(()) };
        diesel::insert_into(course_prerequisites::table)
            .values((
                course_prerequisites::id.eq(PrerequisiteId(self.id("recommendation"))),
                course_prerequisites::tenant_id.eq(self.tenant),
                course_prerequisites::course_id.eq(after.id),
                course_prerequisites::prerequisite_course_id.eq(before.id),
                course_prerequisites::prerequisite_type.eq(PrerequisiteType::Recommended),
                course_prerequisites::created_at.eq(self.days_ago(100)),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn course(&self, conn: &mut Conn, id: CourseId, position: usize, course: &DemoCourse) -> Result<(), Error> {
        diesel::insert_into(courses::table)
            .values((
                courses::id.eq(id),
                courses::tenant_id.eq(self.tenant),
                courses::title.eq(course.title),
                courses::slug.eq(course.slug),
                courses::description.eq(course.description),
                courses::category.eq(course.category),
                courses::difficulty_level
                    .eq(course.difficulty.parse::<DifficultyLevel>().unwrap_or(DifficultyLevel::Beginner)),
                courses::estimated_duration.eq(course.duration),
                courses::learning_objectives.eq(json!(course.objectives)),
                courses::tags.eq(json!(course.tags)),
                courses::instructor_id.eq(self.instructor(position)),
                courses::status.eq(CourseStatus::Published),
                courses::published_at.eq(self.days_ago(90)),
                courses::created_at.eq(self.days_ago(100)),
                courses::updated_at.eq(self.days_ago(90)),
            ))
            .execute(conn)
            .await?;
        Ok(())
    }

    async fn module(
        &self,
        conn: &mut Conn,
        course: CourseId,
        about: &DemoCourse,
        number: usize,
        title: &str,
        lesson: &str,
    ) -> Result<Vec<ContentItemId>, Error> {
        let name = format!("{} module {number}", about.slug);
        let module = ModuleId(self.id(&name));
        let position = i32::try_from(number).unwrap_or(i32::MAX) + 1;
        diesel::insert_into(modules::table)
            .values((
                modules::id.eq(module),
                modules::tenant_id.eq(self.tenant),
                modules::course_id.eq(course),
                modules::title.eq(title),
                modules::description.eq(format!("{title}, in {}", about.title)),
                modules::position.eq(position),
                modules::release_after_days.eq(opens_after(about, number)),
                modules::created_at.eq(self.days_ago(100)),
                modules::updated_at.eq(self.days_ago(100)),
            ))
            .execute(conn)
            .await?;
        let items = [
            (ContentType::Text, format!("{title}: the idea"), Some(format!("# {title}\n\n{lesson}")), None),
            (
                ContentType::Video,
                format!("{title}: watch"),
                None,
                Some("https://www.w3schools.com/html/mov_bbb.mp4".to_owned()),
            ),
            (
                ContentType::Text,
                format!("{title}: try it"),
                Some(format!(
                    "# Try it\n\nTake twenty minutes and apply this to something of your own:\n\n> {lesson}\n\nWrite down what surprised you."
                )),
                None,
            ),
            (ContentType::Url, format!("{title}: read further"), None, Some(about.reading.to_owned())),
        ];
        let mut ids = Vec::new();
        let mut rows = Vec::new();
        for (order, (kind, title, text, url)) in (1..).zip(items) {
            let id = ContentItemId(self.id(&format!("{name} item {order}")));
            ids.push(id);
            rows.push((
                content_items::id.eq(id),
                content_items::tenant_id.eq(self.tenant),
                content_items::course_id.eq(course),
                content_items::module_id.eq(module),
                content_items::title.eq(title),
                content_items::content_type.eq(kind),
                content_items::position.eq(order),
                content_items::text_content.eq(text),
                content_items::external_url.eq(url),
                content_items::is_published.eq(true),
                content_items::is_required.eq(true),
                content_items::created_at.eq(self.days_ago(100)),
                content_items::updated_at.eq(self.days_ago(100)),
            ));
        }
        diesel::insert_into(content_items::table).values(rows).execute(conn).await?;
        Ok(ids)
    }
}
