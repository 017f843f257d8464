//! Why somebody sees what, for a whole course: decisions about titles, without any body.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Access, Decision, ItemGate, ModuleGate, Window};
use crate::courses::Course;
use crate::db::schema::{content_items, modules};
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, ModuleId};

/// What is decided about an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedItem {
    pub id: ContentItemId,
    pub title: String,
    pub decision: Decision,
}

/// What is decided about a module and its items.
#[derive(Debug, Clone, PartialEq)]
pub struct ExplainedModule {
    pub id: ModuleId,
    pub title: String,
    pub decision: Decision,
    pub items: Vec<ExplainedItem>,
}

type ModuleColumns = (ModuleId, String, Window);
type ItemColumns = (ContentItemId, ModuleId, String, bool, Window);

impl Access {
    /// What is decided about every module and item of the course, in order. What does not exist for
    /// the person is left out, unless `with_hidden`: for whoever asks about somebody else.
    pub async fn explain(
        &self,
        conn: &mut Conn,
        course: &Course,
        with_hidden: bool,
    ) -> Result<Vec<ExplainedModule>, Error> {
        let found: Vec<ModuleColumns> = modules::table
            .filter(modules::tenant_id.eq(course.tenant_id))
            .filter(modules::course_id.eq(course.id))
            .order((modules::position, modules::id))
            .select((
                modules::id,
                modules::title,
                (modules::release_at, modules::release_after_days, modules::available_until),
            ))
            .load(conn)
            .await?;
        let mut items = items_of(conn, course).await?;
        let explain = |(id, title, window): ModuleColumns| {
            let gate = ModuleGate { id, window };
            let item = |(id, _, title, is_published, window): ItemColumns| ExplainedItem {
                id,
                title,
                decision: self.item(gate, ItemGate { is_published, window }),
            };
            let items = items.remove(&id).unwrap_or_default().into_iter().map(item);
            let items = items.filter(|item| with_hidden || !item.decision.hides()).collect();
            ExplainedModule { id, title, decision: self.module(gate), items }
        };
        Ok(found.into_iter().map(explain).collect())
    }
}

async fn items_of(conn: &mut Conn, course: &Course) -> Result<HashMap<ModuleId, Vec<ItemColumns>>, Error> {
    let found: Vec<ItemColumns> = content_items::table
        .filter(content_items::tenant_id.eq(course.tenant_id))
        .filter(content_items::course_id.eq(course.id))
        .order((content_items::position, content_items::id))
        .select((
            content_items::id,
            content_items::module_id,
            content_items::title,
            content_items::is_published,
            (content_items::release_at, content_items::release_after_days, content_items::available_until),
        ))
        .load(conn)
        .await?;
    let mut items = HashMap::<ModuleId, Vec<ItemColumns>>::new();
    for item in found {
        items.entry(item.1).or_default().push(item);
    }
    Ok(items)
}
