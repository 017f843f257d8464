//! How somebody stands to a course.

use chrono::{DateTime, Utc};
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Timestamptz};

use crate::db::schema::{enrollments, sql_types};
use crate::db::sql_enum;
use crate::ids::EnrollmentId;

sql_enum! {
    /// How an enrollment stands.
    EnrollmentStatus: sql_types::EnrollmentStatus {
        /// Waits for an approval.
        Pending = "PENDING",
        /// The learner learns.
        Active = "ACTIVE",
        /// The learner is done, for ever.
        Completed = "COMPLETED",
        /// Ended before that by somebody.
        Cancelled = "CANCELLED",
        /// Ended before that by the clock.
        Expired = "EXPIRED",
    }
}

impl EnrollmentStatus {
    /// Whether it opens the course's content.
    pub const fn takes_part(self) -> bool {
        matches!(self, Self::Active | Self::Completed)
    }
}

/// How somebody stands to a course: their enrollment, whatever its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = enrollments)]
pub struct Standing {
    pub id: EnrollmentId,
    pub status: EnrollmentStatus,
    /// Percent.
    pub progress: i16,
    pub enrolled_at: DateTime<Utc>,
    /// When they first took part.
    pub started_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// Whether they take part at this instant: one that is over counts no more, also before the
    /// clock's job has come by. The function `takes_part` says it in SQL.
    pub fn takes_part(&self, at: DateTime<Utc>) -> bool {
        match self.status {
            EnrollmentStatus::Completed => true,
            EnrollmentStatus::Active => self.expires_at.is_none_or(|end| at < end),
            EnrollmentStatus::Pending | EnrollmentStatus::Cancelled | EnrollmentStatus::Expired => false,
        }
    }

    /// Since when they take part: relative releases count from here.
    pub fn since(&self) -> DateTime<Utc> {
        self.started_at.unwrap_or(self.enrolled_at)
    }
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

/// [`Standing::takes_part`], as a condition of queries about enrollments: these take part at this
/// instant.
#[derive(Debug, Clone, Copy, QueryId)]
pub struct TakesPartAt(pub DateTime<Utc>);

impl QueryFragment<Pg> for TakesPartAt {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("takes_part(enrollments.status, enrollments.expires_at, ");
        out.push_bind_param::<Timestamptz, _>(&self.0)?;
        out.push_sql(")");
        Ok(())
    }
}

macro_rules! yes_or_no {
    ($name:ident) => {
        impl Expression for $name {
            type SqlType = Bool;
        }
        impl ValidGrouping<()> for $name {
            type IsAggregate = is_aggregate::No;
        }
        impl<Tables> AppearsOnTable<Tables> for $name {}
        impl<Tables> SelectableExpression<Tables> for $name {}
    };
}
yes_or_no!(TakesPartAt);

macro_rules! condition {
    ($name:ident, $text:literal) => {
        yes_or_no!($name);
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
