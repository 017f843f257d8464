//! The statuses that an enrollment has had.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Enrollment, EnrollmentStatus};
use crate::db::schema::{enrollment_changes, sql_types, users};
use crate::db::{Conn, Error, Numbered, Page, sql_enum};
use crate::users::Person;

sql_enum! {
    /// Why an enrollment's status is what it is.
    EnrollmentCause: sql_types::EnrollmentCause {
        /// The learner did it.
        Itself = "SELF",
        /// Whoever runs the course did it.
        Staff = "STAFF",
        /// They joined or left a group that learns the course.
        Group = "GROUP",
        /// A file of enrollments.
        Import = "IMPORT",
        /// Such a file was taken back.
        Undo = "UNDO",
        /// Its time was over.
        Clock = "CLOCK",
        /// Everything was done.
        Completion = "COMPLETION",
    }
}

/// One status of an enrollment, and how it came.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = enrollment_changes)]
pub struct EnrollmentChange {
    /// None at its beginning.
    pub from_status: Option<EnrollmentStatus>,
    pub to_status: EnrollmentStatus,
    pub cause: EnrollmentCause,
    pub changed_at: DateTime<Utc>,
}

impl EnrollmentChange {
    /// What an enrollment has been through and who did it, newest first. The database writes it down
    /// by itself whenever a status changes.
    pub async fn list(
        conn: &mut Conn,
        enrollment: &Enrollment,
        page: Numbered,
    ) -> Result<Page<(Self, Option<Person>)>, Error> {
        let of_enrollment = || {
            enrollment_changes::table
                .filter(enrollment_changes::tenant_id.eq(enrollment.tenant_id))
                .filter(enrollment_changes::enrollment_id.eq(enrollment.id))
        };
        let found = of_enrollment()
            .left_join(users::table)
            .order(enrollment_changes::number.desc())
            .limit(page.limit())
            .offset(page.offset())
            .select((Self::as_select(), Option::<Person>::as_select()))
            .load(conn)
            .await?;
        let total = of_enrollment().count().get_result(conn).await?;
        Ok(Page::numbered(found, total))
    }
}
