//! What is asked for and sent of courses.

use garde::Validate;
use serde::Deserialize;
use shared::courses::{CourseOrdering, CourseStatus, DifficultyLevel};
use shared::ids::UserId;
use utoipa::{IntoParams, ToSchema};

use crate::courses::fields::{Price, Title, parsed, web_address};
use crate::http::present;

/// Which courses.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListCourses {
    /// In title, description or category.
    #[param(example = "python")]
    pub(super) search: Option<String>,
    /// In any case.
    #[param(inline)]
    pub(super) status: Option<CourseStatus>,
    /// In any case; `-`, `_` and a space are alike.
    pub(super) category: Option<String>,
    #[param(inline)]
    pub(super) difficulty_level: Option<DifficultyLevel>,
    /// `me`, or somebody's id.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<String>, example = "me")]
    pub(super) instructor: Option<Teacher>,
    /// Only those that the caller takes part in.
    #[serde(default, alias = "is_enrolled")]
    #[param(value_type = Option<bool>)]
    pub(super) enrolled: bool,
    /// Hours at most.
    pub(super) max_duration: Option<i32>,
    /// `title`, `created_at`, `estimated_duration` or `price`; with a minus the other way round.
    #[serde(default, deserialize_with = "parsed")]
    #[param(value_type = Option<String>, example = "-created_at")]
    pub(super) ordering: Option<CourseOrdering>,
}

/// Whose courses.
#[derive(Debug, Clone, Copy)]
pub(super) enum Teacher {
    Me,
    Somebody(UserId),
}

impl std::str::FromStr for Teacher {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "me" {
            return Ok(Self::Me);
        }
        text.parse().map(Self::Somebody).map_err(|_| "`me`, or somebody's id.")
    }
}

/// A new course.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateCourse {
    #[garde(skip)]
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "Advanced Python")]
    pub(super) title: Title,
    /// Markdown, or HTML of which only formatting is kept.
    #[garde(length(chars, max = 100_000))]
    #[serde(default)]
    #[schema(example = "Deep dive into Python")]
    pub(super) description: String,
    #[garde(length(chars, max = 100))]
    #[serde(default)]
    #[schema(example = "programming")]
    pub(super) category: String,
    /// `beginner` unless said otherwise.
    #[garde(skip)]
    #[schema(inline)]
    pub(super) difficulty_level: Option<DifficultyLevel>,
    /// In hours.
    #[garde(range(min = 0, max = 100_000))]
    pub(super) estimated_duration: Option<i32>,
    #[garde(skip)]
    pub(super) price: Option<Price>,
    /// Whether it has no price, unless said otherwise; a free course's price is zero.
    #[garde(skip)]
    pub(super) is_free: Option<bool>,
    #[garde(skip)]
    #[serde(default)]
    pub(super) requires_approval: bool,
    #[garde(length(max = 100), inner(length(chars, max = 500)))]
    #[serde(default)]
    pub(super) learning_objectives: Vec<String>,
    #[garde(length(max = 100), inner(length(chars, max = 100)))]
    #[serde(default)]
    pub(super) tags: Vec<String>,
    /// The address of a picture.
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    pub(super) thumbnail: Option<Option<String>>,
    /// Who teaches it: an administrator says, an instructor's courses are their own.
    #[garde(skip)]
    pub(super) instructor_id: Option<UserId>,
    /// `DRAFT` unless said otherwise.
    #[garde(skip)]
    #[schema(inline)]
    pub(super) status: Option<CourseStatus>,
}

/// Changes of a course. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCourse {
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, example = "Advanced Python")]
    pub(super) title: Option<Title>,
    #[garde(length(chars, max = 100_000))]
    pub(super) description: Option<String>,
    #[garde(length(chars, max = 100))]
    pub(super) category: Option<String>,
    #[garde(skip)]
    #[schema(inline)]
    pub(super) difficulty_level: Option<DifficultyLevel>,
    /// In hours.
    #[garde(range(min = 0, max = 100_000))]
    pub(super) estimated_duration: Option<i32>,
    #[garde(skip)]
    pub(super) price: Option<Price>,
    #[garde(skip)]
    pub(super) is_free: Option<bool>,
    #[garde(skip)]
    pub(super) requires_approval: Option<bool>,
    #[garde(length(max = 100), inner(inner(length(chars, max = 500))))]
    pub(super) learning_objectives: Option<Vec<String>>,
    #[garde(length(max = 100), inner(inner(length(chars, max = 100))))]
    pub(super) tags: Option<Vec<String>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    pub(super) thumbnail: Option<Option<String>>,
    /// Only an administrator gives a course to somebody else.
    #[garde(skip)]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<UserId>)]
    pub(super) instructor_id: Option<Option<UserId>>,
    #[garde(skip)]
    #[schema(inline)]
    pub(super) status: Option<CourseStatus>,
}

/// What a copy is called.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloneCourse {
    /// The course's title and "(copy)" when left out.
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, example = "Advanced Python, autumn")]
    pub(super) title: Option<Title>,
}
