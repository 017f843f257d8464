//! Courses: what is taught, in modules of content items, and what one should have learned before.
//!
//! A course is a draft, then published, then archived. Publishing is the moment when learners see
//! it, so it is a verb of its own; a patch of the status goes the same way. What of it somebody may
//! see, and why not, [`Access`] decides.

mod access;
mod content_item;
mod content_version;
mod copy;
mod course;
mod course_list;
mod error;
pub mod jobs;
mod lifecycle;
mod metadata;
mod module;
mod module_prerequisite;
mod news;
mod places;
mod prerequisite;
mod replace;
mod rich_text;
mod slug;
mod standing;
mod unmet;

pub use access::{
    Access, Decision, ExplainedItem, ExplainedModule, ItemGate, ModuleGate, ModuleLink, Part, Reason, SeenItem,
    SeenModule, UnmetModule, Window, WindowChanges,
};
pub use content_item::{ContentItem, ContentItemChanges, ContentType, FoundItem, NewContentItem};
pub use content_version::{Authorship, ContentVersion, ContentVersionBrief, FileThen};
pub use copy::{Copied, copy_contents};
pub use course::{Course, CourseChanges, CourseStatus, DifficultyLevel, NewCourse};
pub use course_list::{CourseFilter, CourseKey, CourseOrdering, CourseRow, Viewer};
pub use error::CourseError;
pub use metadata::MetadataError;
pub use module::{FoundModule, Module, ModuleChanges, NewModule};
pub use module_prerequisite::{ModulePrerequisite, ModulePrerequisiteRow};
pub use news::{ContentNews, NewsTurn};
pub use prerequisite::{
    CourseLink, NewPrerequisite, Prerequisite, PrerequisiteChanges, PrerequisiteRow, PrerequisiteType,
};
pub use replace::WantedModule;
pub(crate) use rich_text::clean as clean_rich_text;
pub use slug::slug_of;
pub use standing::{EnrollmentStatus, Standing, TakesPartAt};
pub use unmet::UnmetPrerequisite;
pub(crate) use unmet::unmet_prerequisites;
