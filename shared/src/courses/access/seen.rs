//! Content as somebody may see it.

use super::{Access, Decision, UnmetModule};
use crate::courses::module_prerequisite::ModulePrerequisiteRow;
use crate::courses::{ContentItem, Module};
use crate::db::{Conn, Error};
use crate::files::{Attachment, FileRow};
use crate::ids::TenantId;

/// An item as somebody may see it: without its body and its file while something stands in the way.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenItem {
    item: ContentItem,
    file: Option<FileRow>,
    decision: Decision,
}

impl SeenItem {
    /// The item, its file, and why its body is missing, if it is.
    pub fn into_parts(self) -> (ContentItem, Option<FileRow>, Decision) {
        (self.item, self.file, self.decision)
    }

    /// Looks for the files of these items, as far as they may be seen whole: one statement, however
    /// many there are.
    pub(in crate::courses) async fn find_files(
        conn: &mut Conn,
        tenant: TenantId,
        items: Vec<&mut Self>,
    ) -> Result<(), Error> {
        let open: Vec<_> = items.iter().filter(|seen| seen.decision.is_allowed()).map(|seen| seen.item.id).collect();
        let mut files = Attachment::files_of(conn, tenant, &open).await?;
        for seen in items {
            seen.file = files.remove(&seen.item.id);
        }
        Ok(())
    }
}

/// A module as somebody may see it, with what they may see of its items.
#[derive(Debug, Clone, PartialEq)]
pub struct SeenModule {
    pub module: Module,
    pub decision: Decision,
    /// What comes before it, as far as they may know.
    pub prerequisites: Vec<ModulePrerequisiteRow>,
    /// What they have to do first, and have not.
    pub unmet: Vec<UnmetModule>,
    pub items: Vec<SeenItem>,
}

impl Access {
    /// As much of an item as they may see; none when it does not exist for them. Its file is still to
    /// be found.
    pub(in crate::courses) fn show(&self, module: &Module, mut item: ContentItem) -> Option<SeenItem> {
        let decision = self.item(module.gate(), item.gate());
        if decision.hides() {
            return None;
        }
        if !decision.is_allowed() {
            item.take_body();
        }
        Some(SeenItem { item, file: None, decision })
    }

    /// As much of an item as they may see, with its file; none when it does not exist for them.
    pub async fn show_item(
        &self,
        conn: &mut Conn,
        module: &Module,
        item: ContentItem,
    ) -> Result<Option<SeenItem>, Error> {
        let mut seen = self.show(module, item);
        SeenItem::find_files(conn, module.tenant_id, seen.iter_mut().collect()).await?;
        Ok(seen)
    }

    /// As much of a module and its items as they may see.
    pub fn show_module(&self, module: Module, items: Vec<ContentItem>) -> SeenModule {
        let is_shown =
            |row: &&ModulePrerequisiteRow| row.prerequisite.module_id == module.id && (self.runs || !row.in_draft);
        SeenModule {
            decision: self.module(module.gate()),
            prerequisites: self.module_prerequisites.iter().filter(is_shown).cloned().collect(),
            unmet: self.unmet_modules(module.id).collect(),
            items: items.into_iter().filter_map(|item| self.show(&module, item)).collect(),
            module,
        }
    }
}
