//! One type for each kind of id, so that a course's id cannot be passed for a user's.

use std::fmt;
use std::str::FromStr;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Uuid as SqlUuid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        id! {
            $(#[$doc])*
            #[derive(AsExpression)]
            #[diesel(sql_type = SqlUuid)]
            $name
        }
    )*};
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, FromSqlRow, ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id; later ones sort after earlier ones (UUID version 7).
            #[allow(clippy::new_without_default, reason = "a default id would be a different one each time")]
            #[allow(clippy::allow_attributes, reason = "not every id is made anew somewhere")]
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }

        impl FromSql<SqlUuid, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                <Uuid as FromSql<SqlUuid, Pg>>::from_sql(value).map(Self)
            }
        }

        impl ToSql<SqlUuid, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <Uuid as ToSql<SqlUuid, Pg>>::to_sql(&self.0, out)
            }
        }
    };
}

id! {
    /// A school or a company.
    // In tests the filters by tenant can be switched off: see `testing/unfiltered.rs`.
    #[cfg_attr(not(feature = "testing"), derive(AsExpression), diesel(sql_type = SqlUuid))]
    TenantId
}

ids! {
    /// A host name of a tenant.
    TenantDomainId;
    /// A person.
    UserId;
    /// A signed-in device.
    SessionId;
    /// A link sent by mail.
    OneTimeTokenId;
    /// A cohort or a team.
    GroupId;
    /// A course.
    CourseId;
    /// A chapter of a course.
    ModuleId;
    /// What a course asks for before it.
    PrerequisiteId;
    /// What a module asks for before it.
    ModulePrerequisiteId;
    /// A text, video, file… of a module.
    ContentItemId;
    /// An item as it was once.
    ContentVersionId;
    /// A learner in a course.
    EnrollmentId;
    /// A file of enrollments.
    EnrollmentImportId;
    /// A group that learns a course.
    GroupEnrollmentId;
    /// What a learner did with an item.
    ProgressId;
    /// A certificate.
    CertificateId;
    /// A folder of files.
    FolderId;
    /// A file.
    FileId;
    /// A content that a file has, or had.
    FileVersionId;
    /// Bytes in the object store.
    FileContentId;
    /// A notification.
    NotificationId;
    /// A notification on its way by one channel.
    DeliveryId;
    /// Words to many.
    AnnouncementId;
    /// A mail that sums up several notifications.
    DigestId;
    /// Where push messages go.
    DeviceId;
    /// A tenant's own words for a mail.
    EmailTemplateId;
    /// A discussion.
    ThreadId;
    /// A reply in a discussion.
    ReplyId;
    /// A thread that somebody has marked.
    BookmarkId;
    /// Something that happened.
    EventId;
    /// A job.
    JobId;
    /// Work by the clock.
    ScheduleId;
    /// A line of the audit log.
    AuditEntryId;
    /// An identity provider of a tenant.
    SsoConfigurationId;
    /// A learning platform that launches courses.
    LtiPlatformId;
    /// Where in a platform our tool was installed.
    LtiDeploymentId;
}

impl TenantId {
    /// Stands in the jobs table where a job is the platform's and no tenant's. Not nil, so that
    /// the relay's scan, which starts behind the nil id, comes by.
    pub const PLATFORM: Self = Self(Uuid::from_u128(1));
}
