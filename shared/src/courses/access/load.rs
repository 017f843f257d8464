//! The facts, out of the database.

use chrono::{DateTime, Utc};

use super::Access;
use crate::courses::module_prerequisite::ModulePrerequisite;
use crate::courses::{Course, Standing, unmet_prerequisites};
use crate::db::{Conn, Error};
use crate::ids::UserId;
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
        self.module_prerequisites = ModulePrerequisite::of_course(conn, course.tenant_id, course.id, user).await?;
        Ok(())
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
