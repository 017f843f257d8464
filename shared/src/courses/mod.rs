//! Courses: what is taught, in modules of content items, and what one should have learned before.
//!
//! A course is a draft, then published, then archived. Publishing is the moment when learners see
//! it, so it is a verb of its own; a patch of the status goes the same way.

mod content_item;
mod course;
mod course_list;
mod error;
pub mod jobs;
mod module;
mod prerequisite;
mod rich_text;
mod slug;
mod standing;

pub use content_item::{ContentItem, ContentItemChanges, ContentType, NewContentItem};
pub use course::{Course, CourseChanges, CourseStatus, DifficultyLevel, NewCourse};
pub use course_list::{CourseFilter, CourseKey, CourseOrdering, CourseRow, Viewer};
pub use error::CourseError;
pub use module::{Depth, Module, ModuleChanges, ModuleWithItems, NewModule};
pub use prerequisite::{NewPrerequisite, Prerequisite, PrerequisiteChanges, PrerequisiteRow, PrerequisiteType};
pub(crate) use rich_text::clean as clean_rich_text;
pub use slug::slug_of;
pub use standing::Standing;
