//! Courses with their modules and content.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;

use super::Seed;
use super::catalog::{COURSES, DemoCourse};
use crate::courses::{ContentType, CourseStatus, DifficultyLevel, PrerequisiteType};
use crate::db::schema::{content_items, course_prerequisites, courses, modules};
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, CourseId, ModuleId, PrerequisiteId};

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
}

impl Seed<'_> {
    /// Six published courses, 38 modules, four items in each.
    pub(super) async fn courses(&self, conn: &mut Conn) -> Result<Outline, Error> {
        let mut outline = Outline { courses: Vec::new(), modules: 0 };
        for (position, course) in COURSES.iter().enumerate() {
            let id = CourseId(self.id(course.slug));
            self.course(conn, id, position, course).await?;
            let mut items = Vec::new();
            for (number, (title, lesson)) in course.modules.iter().enumerate() {
                items.extend(self.module(conn, id, course, number, title, lesson).await?);
            }
            outline.modules += course.modules.len();
            outline.courses.push(OutlinedCourse { id, title: course.title, slug: course.slug, items });
        }
        self.recommendation(conn, &outline).await?;
        Ok(outline)
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
