//! What is sent of items.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::courses::{ContentType, Window};
use shared::ids::ContentItemId;
use utoipa::ToSchema;

use crate::courses::fields::{Title, small_object, web_address};
use crate::http::{dated, present, present_dated};

/// A new item.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateContentItem {
    #[garde(skip)]
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "Understanding Decorators")]
    pub(super) title: Title,
    #[garde(skip)]
    #[schema(inline)]
    pub(super) content_type: ContentType,
    /// Markdown, or HTML of which only formatting is kept.
    #[garde(length(chars, max = 250_000))]
    #[schema(example = "# Decorators\n\nDecorators are...")]
    pub(super) text_content: Option<String>,
    /// An `http` or `https` address; items of type `URL` need one.
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    pub(super) external_url: Option<Option<String>>,
    /// What a player needs to know; each type has its own fields.
    ///
    /// `TEXT`: `format` (`markdown`, `html`), `reading_minutes`. `DOCUMENT`: `pages`, `can_download`. `IMAGE`:
    /// `alt_text`, `caption`, `width`, `height`. `VIDEO`: `duration_seconds`, `poster_url`, `transcript`,
    /// `captions` (of `language`, `url`). `AUDIO`: `duration_seconds`, `transcript`. `URL`: `opens_in` (`frame`,
    /// `tab`). `H5P`: `h5p_content_id`, `library`. `SCORM`: `scorm_version` (`1.2`, `2004`), `entry_point`,
    /// `mastery_score`. `QUIZ`: `assessment_id`.
    #[garde(custom(small_object))]
    #[serde(default)]
    #[schema(value_type = Object)]
    pub(super) metadata: Map<String, Value>,
    /// Its place: the others move on. Behind them when left out.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 1)]
    pub(super) order: Option<i32>,
    /// Learners see it. Not yet, unless said otherwise.
    #[garde(skip)]
    #[serde(default)]
    pub(super) is_published: bool,
    /// It counts towards completion, unless said otherwise.
    #[garde(skip)]
    pub(super) is_required: Option<bool>,
    /// It opens then for those who take part.
    #[garde(skip)]
    #[serde(default, deserialize_with = "dated")]
    pub(super) release_at: Option<DateTime<Utc>>,
    /// It opens so many days after the learner began to take part; with `release_at`, too, the later
    /// one counts.
    #[garde(range(min = 0, max = 3_650))]
    pub(super) release_after_days: Option<i32>,
    /// It closes then.
    #[garde(skip)]
    #[serde(default, deserialize_with = "dated")]
    pub(super) available_until: Option<DateTime<Utc>>,
    /// What is said of it in the item's history.
    #[garde(length(chars, max = 1_000))]
    #[serde(default)]
    pub(super) comment: String,
}

impl CreateContentItem {
    /// When it is open.
    pub(super) const fn window(&self) -> Window {
        Window {
            release_at: self.release_at,
            release_after_days: self.release_after_days,
            available_until: self.available_until,
        }
    }
}

/// Changes of an item. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateContentItem {
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    pub(super) title: Option<Title>,
    #[garde(skip)]
    #[schema(inline)]
    pub(super) content_type: Option<ContentType>,
    #[garde(inner(inner(length(chars, max = 250_000))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub(super) text_content: Option<Option<String>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "web_address")]
    #[schema(value_type = Option<String>)]
    pub(super) external_url: Option<Option<String>>,
    #[garde(inner(custom(small_object)))]
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<Map<String, Value>>,
    #[garde(range(min = 0, max = 1_000_000))]
    pub(super) order: Option<i32>,
    #[garde(skip)]
    pub(super) is_published: Option<bool>,
    #[garde(skip)]
    pub(super) is_required: Option<bool>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "present_dated")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub(super) release_at: Option<Option<DateTime<Utc>>>,
    #[garde(inner(inner(range(min = 0, max = 3_650))))]
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i32>)]
    pub(super) release_after_days: Option<Option<i32>>,
    #[garde(skip)]
    #[serde(default, deserialize_with = "present_dated")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub(super) available_until: Option<Option<DateTime<Utc>>>,
    /// What is said of the change in the item's history.
    #[garde(length(chars, max = 1_000))]
    #[serde(default)]
    pub(super) comment: String,
}

/// A new order.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReorderContent {
    /// The items as they should follow each other. Those that are left out stay, behind them.
    #[garde(length(min = 1, max = 200), custom(no_doubles))]
    pub(super) content_items: Vec<ContentItemId>,
}

fn no_doubles(items: &[ContentItemId], (): &()) -> garde::Result {
    let different: HashSet<_> = items.iter().collect();
    if different.len() == items.len() { Ok(()) } else { Err(garde::Error::new("An item is named twice.")) }
}
