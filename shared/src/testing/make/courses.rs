//! Courses with what is in them.

use std::ops::Deref;

use diesel_async::RunQueryDsl;
use serde_json::json;

use super::{morning, serial};
use crate::courses::{
    ContentItem, ContentType, Course, CourseStatus, DifficultyLevel, Module, ModulePrerequisite, Prerequisite,
    PrerequisiteType,
};
use crate::db::schema::{content_items, course_prerequisites, courses, module_prerequisites, modules};
use crate::ids::{ContentItemId, CourseId, ModuleId, ModulePrerequisiteId, PrerequisiteId, TenantId};
use crate::testing::TestDb;
use crate::users::User;

/// A course about to be made.
#[derive(Debug, Clone)]
pub struct CourseMaker {
    course: Course,
    modules: usize,
    items: usize,
}

/// A course that was made, with its modules and their items in order.
#[derive(Debug, Clone)]
pub struct MadeCourse {
    pub course: Course,
    pub modules: Vec<Module>,
    pub items: Vec<ContentItem>,
}

impl Deref for MadeCourse {
    type Target = Course;

    fn deref(&self) -> &Course {
        &self.course
    }
}

/// A course of a tenant: an empty draft, free, of nobody, unless told otherwise.
pub fn course(tenant: TenantId) -> CourseMaker {
    let number = serial();
    let course = Course {
        id: CourseId::new(),
        tenant_id: tenant,
        title: format!("Course {number}"),
        slug: format!("course-{number}"),
        description: String::new(),
        category: "programming".to_owned(),
        difficulty_level: DifficultyLevel::Beginner,
        estimated_duration: 10,
        price_cents: 0,
        is_free: true,
        requires_approval: false,
        learning_objectives: json!([]),
        tags: json!([]),
        thumbnail: None,
        instructor_id: None,
        status: CourseStatus::Draft,
        published_at: None,
        version: 1,
        created_at: morning(),
        updated_at: morning(),
    };
    CourseMaker { course, modules: 0, items: 0 }
}

impl CourseMaker {
    /// Open to learners.
    pub fn published(mut self) -> Self {
        self.course.status = CourseStatus::Published;
        self.course.published_at = Some(morning());
        self
    }

    /// Closed.
    pub fn archived(mut self) -> Self {
        self.course.status = CourseStatus::Archived;
        self
    }

    /// Taught by this person.
    pub fn owned_by(mut self, user: &User) -> Self {
        self.course.instructor_id = Some(user.id);
        self
    }

    /// With this title.
    pub fn title(mut self, title: &str) -> Self {
        title.clone_into(&mut self.course.title);
        self
    }

    /// With this price in cents.
    pub fn priced(mut self, cents: i64) -> Self {
        self.course.price_cents = cents;
        self.course.is_free = false;
        self
    }

    /// Where enrolling oneself waits for an approval.
    pub fn with_approval(mut self) -> Self {
        self.course.requires_approval = true;
        self
    }

    /// With so many modules, each with so many published and required texts.
    pub fn with_modules(mut self, modules: usize, items_each: usize) -> Self {
        self.modules = modules;
        self.items = items_each;
        self
    }

    /// Anything else about it.
    pub fn but(mut self, change: impl FnOnce(&mut Course)) -> Self {
        change(&mut self.course);
        self
    }

    /// Into the database.
    pub async fn make(self, db: &TestDb) -> MadeCourse {
        let mut conn = db.tenant(self.course.tenant_id).await;
        diesel::insert_into(courses::table).values(&self.course).execute(&mut conn).await.expect("a course");
        drop(conn);
        let mut made = MadeCourse { course: self.course, modules: Vec::new(), items: Vec::new() };
        for number in 1..=self.modules {
            let module = module(db, &made.course, number).await;
            for number in 1..=self.items {
                made.items.push(item(&module, number).make(db).await);
            }
            made.modules.push(module);
        }
        made
    }
}

/// A module of a course, at this place.
pub async fn module(db: &TestDb, course: &Course, number: usize) -> Module {
    let module = Module {
        id: ModuleId::new(),
        tenant_id: course.tenant_id,
        course_id: course.id,
        title: format!("Module {number}"),
        description: String::new(),
        position: i32::try_from(number).expect("a small number"),
        version: 1,
        created_at: morning(),
        updated_at: morning(),
        release_at: None,
        release_after_days: None,
        available_until: None,
    };
    let mut conn = db.tenant(course.tenant_id).await;
    diesel::insert_into(modules::table).values(&module).execute(&mut conn).await.expect("a module");
    module
}

/// An item about to be made.
#[derive(Debug, Clone)]
pub struct ItemMaker(ContentItem);

/// A published, required text of a module, at this place.
pub fn item(module: &Module, number: usize) -> ItemMaker {
    ItemMaker(ContentItem {
        id: ContentItemId::new(),
        tenant_id: module.tenant_id,
        course_id: module.course_id,
        module_id: module.id,
        title: format!("Item {number}"),
        content_type: ContentType::Text,
        position: i32::try_from(number).expect("a small number"),
        text_content: Some(format!("Text {number}")),
        external_url: None,
        metadata: json!({}),
        is_published: true,
        is_required: true,
        version: 1,
        created_at: morning(),
        updated_at: morning(),
        release_at: None,
        release_after_days: None,
        available_until: None,
        first_published_at: None,
    })
}

impl ItemMaker {
    /// Anything else about it.
    pub fn but(mut self, change: impl FnOnce(&mut ContentItem)) -> Self {
        change(&mut self.0);
        self
    }

    /// Into the database.
    pub async fn make(self, db: &TestDb) -> ContentItem {
        let mut conn = db.tenant(self.0.tenant_id).await;
        diesel::insert_into(content_items::table).values(&self.0).execute(&mut conn).await.expect("an item");
        self.0
    }
}

/// Has a course be asked for before another, whole.
pub async fn comes_before(db: &TestDb, before: &Course, course: &Course) -> Prerequisite {
    let prerequisite = Prerequisite {
        id: PrerequisiteId::new(),
        tenant_id: course.tenant_id,
        course_id: course.id,
        prerequisite_course_id: before.id,
        prerequisite_type: PrerequisiteType::Required,
        minimum_completion_percentage: 100,
        created_at: morning(),
    };
    let mut conn = db.tenant(course.tenant_id).await;
    let values = diesel::insert_into(course_prerequisites::table).values(&prerequisite);
    values.execute(&mut conn).await.expect("a prerequisite");
    prerequisite
}

/// Has a module be asked for before another, of the same course.
pub async fn module_comes_before(db: &TestDb, before: &Module, module: &Module) -> ModulePrerequisite {
    let prerequisite = ModulePrerequisite {
        id: ModulePrerequisiteId::new(),
        tenant_id: module.tenant_id,
        course_id: module.course_id,
        module_id: module.id,
        prerequisite_course_id: before.course_id,
        prerequisite_module_id: before.id,
        prerequisite_type: PrerequisiteType::Required,
        created_at: morning(),
    };
    let mut conn = db.tenant(module.tenant_id).await;
    let values = diesel::insert_into(module_prerequisites::table).values(&prerequisite);
    values.execute(&mut conn).await.expect("a prerequisite");
    prerequisite
}

/// A prerequisite between two new courses of a tenant.
pub async fn prerequisite(db: &TestDb, tenant: TenantId) -> Prerequisite {
    let before = course(tenant).published().make(db).await;
    let after = course(tenant).published().make(db).await;
    comes_before(db, &before, &after).await
}
