//! Content as somebody may see it.

use super::{Access, Decision};
use crate::courses::module_prerequisite::ModulePrerequisiteRow;
use crate::courses::{ContentItem, Module};

/// An item as somebody may see it: without its body while something stands in the way.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenItem {
    item: ContentItem,
    decision: Decision,
}

impl SeenItem {
    /// The item, and why its body is missing, if it is.
    pub fn into_parts(self) -> (ContentItem, Decision) {
        (self.item, self.decision)
    }
}

/// A module as somebody may see it, with what they may see of its items.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenModule {
    pub module: Module,
    pub decision: Decision,
    /// What comes before it.
    pub prerequisites: Vec<ModulePrerequisiteRow>,
    pub items: Vec<SeenItem>,
}

impl Access {
    /// As much of an item as they may see; none when it does not exist for them.
    pub fn show(&self, module: &Module, mut item: ContentItem) -> Option<SeenItem> {
        let decision = self.item(module.gate(), item.gate());
        if decision.hides() {
            return None;
        }
        if !decision.is_allowed() {
            item.take_body();
        }
        Some(SeenItem { item, decision })
    }

    /// As much of a module and its items as they may see.
    pub fn show_module(&self, module: Module, items: Vec<ContentItem>) -> SeenModule {
        let of_module = |row: &&ModulePrerequisiteRow| row.prerequisite.module_id == module.id;
        SeenModule {
            decision: self.module(module.gate()),
            prerequisites: self.module_prerequisites.iter().filter(of_module).cloned().collect(),
            items: items.into_iter().filter_map(|item| self.show(&module, item)).collect(),
            module,
        }
    }
}
