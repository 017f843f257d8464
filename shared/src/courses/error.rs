//! What can stand in the way of a change to a course.

use crate::db;

/// What can stand in the way of a change to a course.
#[derive(Debug, thiserror::Error)]
pub enum CourseError {
    /// Only a draft or an archived course can be published.
    #[error("the course is published already")]
    AlreadyPublished,
    /// Only a draft or a published course can be archived.
    #[error("the course is archived already")]
    AlreadyArchived,
    /// Only what is archived comes back.
    #[error("the course is not archived")]
    NotArchived,
    /// It is gone, or was never there.
    #[error("no such course")]
    Gone,
    /// People take part in it.
    #[error("people take part in this course: archive it instead")]
    InUse,
    /// It was changed since it was read.
    #[error("somebody has changed it since it was read")]
    Changed,
    /// Nobody of the tenant who could teach has that id.
    #[error("nobody who teaches here has this id")]
    NoSuchInstructor,
    /// One of this course's modules is meant.
    #[error("`{0}` is not a module of this course")]
    ForeignModule(uuid::Uuid),
    /// One of the module's or the course's items is meant.
    #[error("`{0}` is not one of the items here")]
    ForeignItem(uuid::Uuid),
    /// A link without an address.
    #[error("an item of type URL needs an address")]
    UrlMissing,
    /// Metadata that another kind of item has.
    #[error(transparent)]
    Metadata(#[from] super::metadata::MetadataError),
    /// There are enough.
    #[error("there are {0} already, which is as many as there may be")]
    TooMany(i64),
    /// The course to be learned before is gone, or was never there.
    #[error("no such course")]
    NoSuchPrerequisiteCourse,
    /// The module to be done before is gone, or was never there.
    #[error("no such module")]
    NoSuchPrerequisiteModule,
    /// It is asked for already.
    #[error("the course asks for that one already")]
    PrerequisiteTwice,
    /// Nothing comes before itself, directly or by others.
    #[error("that one asks for this one, directly or by others")]
    PrerequisiteCycle,
    /// A module of any other course may be out of the learners' reach.
    #[error("a module comes before one of its own course, or of a course that asks for its course")]
    PrerequisiteElsewhere,
    /// What has to do with an item's file.
    #[error(transparent)]
    File(#[from] crate::files::FileError),
    /// What is to open and close.
    #[error("this is not after the release")]
    WindowEmpty,
    /// The database's.
    #[error(transparent)]
    Database(#[from] db::Error),
}
