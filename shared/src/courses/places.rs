//! Places in an order: from 1 and without gaps, moved by one statement.
//!
//! Whoever reads an order to write another holds the course's row, so that two of them come one
//! after the other.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use super::{Course, Module};
use crate::db::schema::{content_items, modules};
use crate::db::{Conn, Error};
use crate::ids::{ContentItemId, ModuleId};

/// The order with `moved` at `place`, counted from 1: in front or behind when there is no such place,
/// behind when none is wanted.
pub(super) fn with<T: Copy + PartialEq>(order: &[T], moved: T, place: Option<i32>) -> Vec<T> {
    let mut order: Vec<T> = order.iter().copied().filter(|other| *other != moved).collect();
    let index = place.map_or(order.len(), |place| usize::try_from(place.saturating_sub(1)).unwrap_or(0));
    order.insert(index.min(order.len()), moved);
    order
}

/// Where something stands in an order, counted from 1.
pub(super) fn place_of<T: PartialEq>(order: &[T], wanted: &T) -> i32 {
    (1..).zip(order).find(|(_, other)| *other == wanted).map_or(1, |(place, _)| place)
}

/// The order of `wanted`, and behind them the others as they were. None of those that are wanted may
/// be missing: the first that is, is the error.
pub(super) fn reordered<T: Copy + PartialEq>(order: &[T], wanted: &[T]) -> Result<Vec<T>, T> {
    if let Some(foreign) = wanted.iter().find(|wanted| !order.contains(wanted)) {
        return Err(*foreign);
    }
    let rest = order.iter().filter(|other| !wanted.contains(other));
    Ok(wanted.iter().chain(rest).copied().collect())
}

/// The modules of a course in their order.
pub(super) async fn modules_of(conn: &mut Conn, course: &Course) -> Result<Vec<ModuleId>, Error> {
    modules::table
        .filter(modules::tenant_id.eq(course.tenant_id))
        .filter(modules::course_id.eq(course.id))
        .order((modules::position, modules::id))
        .select(modules::id)
        .load(conn)
        .await
}

/// The items of a module in their order.
pub(super) async fn items_of(conn: &mut Conn, module: &Module) -> Result<Vec<ContentItemId>, Error> {
    content_items::table
        .filter(content_items::tenant_id.eq(module.tenant_id))
        .filter(content_items::course_id.eq(module.course_id))
        .filter(content_items::module_id.eq(module.id))
        .order((content_items::position, content_items::id))
        .select(content_items::id)
        .load(conn)
        .await
}

/// Puts the modules of a course in this order.
pub(super) async fn arrange_modules(
    conn: &mut Conn,
    course: &Course,
    order: &[ModuleId],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    diesel::sql_query(
        "update modules m
         set position = wanted.place, version = m.version + 1, updated_at = $4
         from unnest($3) with ordinality as wanted (id, place)
         where m.tenant_id = $1 and m.course_id = $2 and m.id = wanted.id and m.position <> wanted.place",
    )
    .bind::<SqlUuid, _>(course.tenant_id)
    .bind::<SqlUuid, _>(course.id)
    .bind::<Array<SqlUuid>, _>(order)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts the items of a module in this order.
pub(super) async fn arrange_items(
    conn: &mut Conn,
    module: &Module,
    order: &[ContentItemId],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    diesel::sql_query(
        "update content_items i
         set position = wanted.place, version = i.version + 1, updated_at = $4
         from unnest($3) with ordinality as wanted (id, place)
         where i.tenant_id = $1 and i.module_id = $2 and i.id = wanted.id and i.position <> wanted.place",
    )
    .bind::<SqlUuid, _>(module.tenant_id)
    .bind::<SqlUuid, _>(module.id)
    .bind::<Array<SqlUuid>, _>(order)
    .bind::<Timestamptz, _>(now)
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{place_of, reordered, with};

    #[test]
    fn something_goes_where_it_should_or_as_near_as_there_is_a_place() {
        for (place, order) in [
            (None, [1, 2, 3, 9]),
            (Some(1), [9, 1, 2, 3]),
            (Some(0), [9, 1, 2, 3]),
            (Some(-5), [9, 1, 2, 3]),
            (Some(2), [1, 9, 2, 3]),
            (Some(4), [1, 2, 3, 9]),
            (Some(1_000), [1, 2, 3, 9]),
        ] {
            assert_eq!(with(&[1, 2, 3], 9, place), order, "{place:?}");
        }
        assert_eq!(with(&[1, 2, 3], 3, Some(1)), [3, 1, 2], "what is there already moves");
        assert_eq!(place_of(&[1, 2, 3], &2), 2);
    }

    #[test]
    fn a_new_order_loses_nothing() {
        assert_eq!(reordered(&[1, 2, 3], &[3, 1]), Ok(vec![3, 1, 2]));
        assert_eq!(reordered(&[1, 2, 3], &[]), Ok(vec![1, 2, 3]));
        assert_eq!(reordered(&[1, 2, 3], &[2, 7]), Err(7));
    }
}
