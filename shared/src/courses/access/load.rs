//! The facts, out of the database.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::Access;
use crate::courses::module_prerequisite::{ModulePrerequisite, ModulePrerequisiteRow};
use crate::courses::{Course, CourseStatus, Standing, unmet_prerequisites};
use crate::db::{Conn, Error};
use crate::ids::{CourseId, TenantId, UserId};
use crate::users::UserRole;

impl Access {
    /// What decides about everything in a course for a person, whose `standing` was loaded with it:
    /// two queries at most, however many modules and items there are.
    pub async fn load(
        conn: &mut Conn,
        course: &Course,
        person: (UserId, UserRole),
        standing: Option<Standing>,
        at: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let (user, _) = person;
        let mut access = Self::of_course(course, person, standing, at);
        if !access.runs && access.would_enroll() {
            access.unmet_courses = unmet_prerequisites(conn, course.tenant_id, course.id, user).await?;
        }
        access.load_prerequisites(conn, course, user).await?;
        Ok(access)
    }

    /// What comes before the course's modules, and how far the person is with it.
    pub(crate) async fn load_prerequisites(
        &mut self,
        conn: &mut Conn,
        course: &Course,
        user: UserId,
    ) -> Result<(), Error> {
        self.module_prerequisites = ModulePrerequisite::of_courses(conn, course.tenant_id, &[course.id], user).await?;
        Ok(())
    }

    /// What decides about everything in each of these courses, which somebody learns: one query,
    /// however many there are.
    pub(crate) async fn load_all(
        conn: &mut Conn,
        tenant: TenantId,
        learner: UserId,
        courses: &[(CourseId, CourseStatus, Standing)],
        at: DateTime<Utc>,
    ) -> Result<HashMap<CourseId, Self>, Error> {
        let ids: Vec<CourseId> = courses.iter().map(|(id, ..)| *id).collect();
        let mut before = HashMap::<CourseId, Vec<ModulePrerequisiteRow>>::new();
        for row in ModulePrerequisite::of_courses(conn, tenant, &ids, learner).await? {
            before.entry(row.prerequisite.course_id).or_default().push(row);
        }
        let access = |(id, course_status, standing): &(CourseId, CourseStatus, Standing)| {
            let access = Self {
                // Whoever runs a course, too, is one of those who learn it here.
                runs: false,
                course_status: *course_status,
                standing: Some(*standing),
                unmet_courses: Vec::new(),
                module_prerequisites: before.remove(id).unwrap_or_default(),
                at,
            };
            (*id, access)
        };
        Ok(courses.iter().map(access).collect())
    }

    /// What decides about everything in a course for each of these people, who learn it, in their order.
    /// `before` are the modules that come before others of the course, and how far each of them is
    /// with those.
    pub(crate) fn of_learners(
        course: &Course,
        learners: &[(UserId, Standing)],
        mut before: HashMap<UserId, Vec<ModulePrerequisiteRow>>,
        at: DateTime<Utc>,
    ) -> Vec<Self> {
        let access = |&(user, standing): &(UserId, Standing)| {
            let mut access = Self::of_course(course, (user, UserRole::Learner), Some(standing), at);
            access.module_prerequisites = before.remove(&user).unwrap_or_default();
            access
        };
        learners.iter().map(access).collect()
    }

    /// What decides about the course itself; of what comes before what, nothing is known.
    pub fn of_course(
        course: &Course,
        (user, role): (UserId, UserRole),
        standing: Option<Standing>,
        at: DateTime<Utc>,
    ) -> Self {
        Self {
            runs: course.is_run_by(user, role),
            course_status: course.status,
            standing,
            unmet_courses: Vec::new(),
            module_prerequisites: Vec::new(),
            at,
        }
    }
}
