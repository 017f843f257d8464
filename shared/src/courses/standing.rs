//! How somebody takes part in a course.

use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Bool;

use crate::db::schema::enrollments;
use crate::ids::EnrollmentId;

/// How somebody takes part in a course: an enrollment that is active or completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = enrollments)]
pub struct Standing {
    pub id: EnrollmentId,
    /// Percent.
    pub progress: i16,
}

/// Enrollments that count: those that are pending, cancelled or expired give no right.
///
/// Written out rather than bound, because an index of just these rows serves the question and
/// PostgreSQL must see that in the text; and as a type of its own, because a text thrown in with
/// `sql` would make the whole query be prepared anew each time.
#[derive(Debug, Clone, Copy, QueryId)]
pub(super) struct TakesPart;

/// [`TakesPart`], of enrollments under the name `takers`.
#[derive(Debug, Clone, Copy, QueryId)]
pub(super) struct TakerTakesPart;

macro_rules! condition {
    ($name:ident, $text:literal) => {
        impl Expression for $name {
            type SqlType = Bool;
        }
        impl ValidGrouping<()> for $name {
            type IsAggregate = is_aggregate::No;
        }
        impl<Tables> AppearsOnTable<Tables> for $name {}
        impl<Tables> SelectableExpression<Tables> for $name {}
        impl QueryFragment<Pg> for $name {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
                out.push_sql($text);
                Ok(())
            }
        }
    };
}
condition!(TakesPart, "enrollments.status in ('ACTIVE', 'COMPLETED')");
condition!(TakerTakesPart, "takers.status in ('ACTIVE', 'COMPLETED')");
