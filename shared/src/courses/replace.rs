//! All modules of a course anew, in one go: what an editor with drag and drop sends.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};

use super::jobs::RecountProgress;
use super::{Course, CourseError, Module, places, rich_text};
use crate::db::schema::{content_items, modules};
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, ModuleId};
use crate::jobs;

/// A module as it should be, in the order in which they should follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedModule {
    /// None for one that is new.
    pub id: Option<ModuleId>,
    /// Stays when none; a new module has one.
    pub title: Option<String>,
    /// Stays when none.
    pub description: Option<String>,
    /// Exactly these items in this order, wherever in the course they were; as they are when none.
    pub items: Option<Vec<ContentItemId>>,
}

impl Course {
    /// What tells its modules and items, as they are, from what they were: another number after
    /// each change of them, so that who replaces them all has seen them all.
    pub async fn outline_version(&self, conn: &mut Conn) -> Result<i32, Error> {
        #[derive(QueryableByName)]
        struct Version {
            #[diesel(sql_type = Integer)]
            version: i32,
        }
        let row: Version = diesel::sql_query(
            "select coalesce(hashtext(string_agg(part, ' ' order by part)), 0) & 2147483647 as version
             from (
                 select id || '.' || version from modules where tenant_id = $1 and course_id = $2
                 union all
                 select id || '.' || version from content_items where tenant_id = $1 and course_id = $2
             ) as outline (part)",
        )
        .bind::<SqlUuid, _>(self.tenant_id)
        .bind::<SqlUuid, _>(self.id)
        .get_result(conn)
        .await?;
        Ok(row.version)
    }
}

impl Module {
    /// Makes a course's modules what is wanted, if `seen` is the outline's version or none is asked
    /// for: those that are missing are deleted, those without an id made, items moved. Items that are
    /// in no list any more are deleted.
    pub async fn replace_all(
        conn: &mut Conn,
        course: &Course,
        wanted: Vec<WantedModule>,
        seen: Option<i32>,
        now: DateTime<Utc>,
    ) -> Result<(), CourseError> {
        conn.transaction(async |conn| {
            let course = Course::lock(conn, course.tenant_id, course.id).await?.ok_or(CourseError::Gone)?;
            if let Some(seen) = seen
                && seen != course.outline_version(conn).await?
            {
                return Err(CourseError::Changed);
            }
            let there = places::modules_of(conn, &course).await?;
            if let Some(foreign) = wanted.iter().filter_map(|module| module.id).find(|id| !there.contains(id)) {
                return Err(CourseError::ForeignModule(foreign.0));
            }
            let wanted: Vec<_> = wanted.into_iter().map(Named::from).collect();
            let items = items_of(conn, &course).await?;
            let arranged = arrange(&wanted, &items)?;
            insert_new(conn, &course, &wanted, now).await?;
            move_items(conn, &course, &arranged, now).await?;
            delete_the_rest(conn, &course, &wanted, &arranged).await?;
            write_modules(conn, &course, &wanted, now).await?;
            let job = RecountProgress { tenant_id: course.tenant_id, course_id: course.id };
            jobs::enqueue(conn, &job).await?;
            Ok(())
        })
        .await
    }
}

/// A wanted module with an id, its own or a new one.
struct Named {
    id: ModuleId,
    is_new: bool,
    title: Option<String>,
    description: Option<String>,
    items: Option<Vec<ContentItemId>>,
}

impl From<WantedModule> for Named {
    fn from(wanted: WantedModule) -> Self {
        let WantedModule { id, title, description, items } = wanted;
        let description = description.map(|text| rich_text::clean(&text));
        Self { id: id.unwrap_or_else(ModuleId::new), is_new: id.is_none(), title, description, items }
    }
}

/// Where each item that stays should be.
#[derive(Default)]
struct Arranged {
    items: Vec<ContentItemId>,
    modules: Vec<ModuleId>,
    places: Vec<i32>,
}

/// The items of a course with their modules, in order.
async fn items_of(conn: &mut Conn, course: &Course) -> Result<Vec<(ContentItemId, ModuleId)>, Error> {
    content_items::table
        .filter(content_items::tenant_id.eq(course.tenant_id))
        .filter(content_items::course_id.eq(course.id))
        .order((content_items::position, content_items::id))
        .select((content_items::id, content_items::module_id))
        .load(conn)
        .await
}

fn arrange(wanted: &[Named], there: &[(ContentItemId, ModuleId)]) -> Result<Arranged, CourseError> {
    let known: HashSet<_> = there.iter().map(|(item, _)| *item).collect();
    let listed: HashSet<_> = wanted.iter().filter_map(|module| module.items.as_ref()).flatten().copied().collect();
    if let Some(foreign) = listed.iter().find(|item| !known.contains(*item)) {
        return Err(CourseError::ForeignItem(foreign.0));
    }
    let mut staying = HashMap::<ModuleId, Vec<ContentItemId>>::new();
    for (item, module) in there.iter().filter(|(item, _)| !listed.contains(item)) {
        staying.entry(*module).or_default().push(*item);
    }
    let mut arranged = Arranged::default();
    for module in wanted {
        let unlisted = staying.remove(&module.id).unwrap_or_default();
        for (place, item) in (1..).zip(module.items.as_ref().unwrap_or(&unlisted)) {
            arranged.items.push(*item);
            arranged.modules.push(module.id);
            arranged.places.push(place);
        }
    }
    Ok(arranged)
}

async fn insert_new(conn: &mut Conn, course: &Course, wanted: &[Named], now: DateTime<Utc>) -> Result<(), Error> {
    let rows: Vec<_> = wanted
        .iter()
        .filter(|module| module.is_new)
        .map(|module| {
            (
                modules::id.eq(module.id),
                modules::tenant_id.eq(course.tenant_id),
                modules::course_id.eq(course.id),
                modules::title.eq(module.title.clone().unwrap_or_default()),
                // Their places are written with those of the others.
                modules::position.eq(0),
                modules::created_at.eq(now),
                modules::updated_at.eq(now),
            )
        })
        .collect();
    diesel::insert_into(modules::table).values(rows).execute(conn).await?;
    Ok(())
}

async fn move_items(conn: &mut Conn, course: &Course, arranged: &Arranged, now: DateTime<Utc>) -> Result<(), Error> {
    diesel::sql_query(
        "update content_items i
         set module_id = wanted.module_id, position = wanted.place, version = i.version + 1, updated_at = $6
         from unnest($3, $4, $5) as wanted (id, module_id, place)
         where i.tenant_id = $1 and i.course_id = $2 and i.id = wanted.id
           and (i.module_id, i.position) is distinct from (wanted.module_id, wanted.place)",
    )
    .bind::<SqlUuid, _>(course.tenant_id)
    .bind::<SqlUuid, _>(course.id)
    .bind::<Array<SqlUuid>, _>(&arranged.items)
    .bind::<Array<SqlUuid>, _>(&arranged.modules)
    .bind::<Array<Integer>, _>(&arranged.places)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}

async fn delete_the_rest(conn: &mut Conn, course: &Course, wanted: &[Named], arranged: &Arranged) -> Result<(), Error> {
    let items = content_items::table
        .filter(content_items::tenant_id.eq(course.tenant_id))
        .filter(content_items::course_id.eq(course.id))
        .filter(content_items::id.ne_all(&arranged.items));
    diesel::delete(items).execute(conn).await?;
    let kept: Vec<_> = wanted.iter().map(|module| module.id).collect();
    let modules = modules::table
        .filter(modules::tenant_id.eq(course.tenant_id))
        .filter(modules::course_id.eq(course.id))
        .filter(modules::id.ne_all(kept));
    diesel::delete(modules).execute(conn).await?;
    Ok(())
}

async fn write_modules(conn: &mut Conn, course: &Course, wanted: &[Named], now: DateTime<Utc>) -> Result<(), Error> {
    let ids: Vec<_> = wanted.iter().map(|module| module.id).collect();
    let titles: Vec<_> = wanted.iter().map(|module| module.title.as_deref()).collect();
    let descriptions: Vec<_> = wanted.iter().map(|module| module.description.as_deref()).collect();
    diesel::sql_query(
        "update modules m
         set title = coalesce(wanted.title, m.title), description = coalesce(wanted.description, m.description),
             position = wanted.place, version = m.version + 1, updated_at = $6
         from unnest($3, $4, $5) with ordinality as wanted (id, title, description, place)
         where m.tenant_id = $1 and m.course_id = $2 and m.id = wanted.id
           and (m.title, m.description, m.position) is distinct from
               (coalesce(wanted.title, m.title), coalesce(wanted.description, m.description), wanted.place)",
    )
    .bind::<SqlUuid, _>(course.tenant_id)
    .bind::<SqlUuid, _>(course.id)
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Nullable<Text>>, _>(titles)
    .bind::<Array<Nullable<Text>>, _>(descriptions)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}
