//! What is sent of modules.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use garde::Validate;
use serde::Deserialize;
use shared::courses::{WantedModule, Window};
use shared::ids::{ContentItemId, ModuleId};
use utoipa::ToSchema;

use crate::courses::fields::Title;
use crate::http::{dated, present, present_dated};

/// A new module.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateModule {
    #[garde(skip)]
    #[schema(value_type = String, min_length = 1, max_length = 255, example = "Decorators and Metaclasses")]
    pub(super) title: Title,
    #[garde(length(chars, max = 100_000))]
    #[serde(default)]
    #[schema(example = "Advanced Python patterns")]
    pub(super) description: String,
    /// Its place: the others move on. Behind them when left out.
    #[garde(range(min = 0, max = 1_000_000))]
    #[schema(example = 1)]
    pub(super) order: Option<i32>,
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
}

impl CreateModule {
    /// When it is open.
    pub(super) const fn window(&self) -> Window {
        Window {
            release_at: self.release_at,
            release_after_days: self.release_after_days,
            available_until: self.available_until,
        }
    }
}

/// Changes of a module. What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateModule {
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    pub(super) title: Option<Title>,
    #[garde(length(chars, max = 100_000))]
    pub(super) description: Option<String>,
    #[garde(range(min = 0, max = 1_000_000))]
    pub(super) order: Option<i32>,
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
}

/// A new order.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReorderModules {
    /// The modules as they should follow each other. Those that are left out stay, behind them.
    #[garde(length(min = 1, max = 200), custom(no_doubles))]
    pub(super) modules: Vec<ModuleId>,
}

fn no_doubles(modules: &[ModuleId], (): &()) -> garde::Result {
    let different: HashSet<_> = modules.iter().collect();
    if different.len() == modules.len() { Ok(()) } else { Err(garde::Error::new("A module is named twice.")) }
}

/// All of a course's modules, as they should be.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceModules {
    /// In order, one at least. Modules that are missing are deleted with what is in them.
    #[garde(length(min = 1, max = 200), dive, custom(nothing_twice))]
    #[schema(example = json!([{"title": "Decorators"}]))]
    pub(super) modules: Vec<ReplacementModule>,
}

/// A module, as it should be.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplacementModule {
    /// Left out for a new one.
    #[garde(skip)]
    pub(super) id: Option<ModuleId>,
    /// A new one needs it; stays when left out.
    #[garde(skip)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255, example = "Decorators")]
    pub(super) title: Option<Title>,
    /// Stays when left out.
    #[garde(length(chars, max = 100_000))]
    pub(super) description: Option<String>,
    /// Exactly these items of the course, in order; those that are in no module any more are deleted.
    /// The module's own, as they are, when left out.
    #[garde(length(max = 200))]
    pub(super) content_items: Option<Vec<ContentItemId>>,
}

impl From<ReplacementModule> for WantedModule {
    fn from(module: ReplacementModule) -> Self {
        let ReplacementModule { id, title, description, content_items } = module;
        Self { id, title: title.map(|title| title.0), description, items: content_items }
    }
}

fn nothing_twice(modules: &[ReplacementModule], (): &()) -> garde::Result {
    let mut seen = HashSet::new();
    if modules.iter().filter_map(|module| module.id).any(|id| !seen.insert(id.0)) {
        return Err(garde::Error::new("A module is named twice."));
    }
    if modules.iter().filter_map(|module| module.content_items.as_ref()).flatten().any(|id| !seen.insert(id.0)) {
        return Err(garde::Error::new("An item is named twice."));
    }
    if modules.iter().any(|module| module.id.is_none() && module.title.is_none()) {
        return Err(garde::Error::new("A new module needs a title."));
    }
    Ok(())
}
