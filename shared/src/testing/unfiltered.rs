//! Switches the application's own filters by tenant off, to see row-level security stand alone.
//!
//! In a test build a `TenantId` enters a query through [`TenantBound`]. With the switch off that is
//! the plain bound value, as in a release. With it on, the value has a type of its own, for which
//! the database has an `=` that is always true: every `tenant_id = …` of every query matches every
//! row, while inserts still write the value. What keeps tenants apart is then the database alone.

use std::marker::PhantomData;
use std::sync::LazyLock;

use diesel::expression::{
    AppearsOnTable, AsExpression, Expression, SelectableExpression, TypedExpressionType, ValidGrouping, is_aggregate,
};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Nullable, SqlType, Uuid};
use diesel_async::SimpleAsyncConnection;

use crate::db::Conn;
use crate::ids::TenantId;

/// The variable that switches the filters off when it is `off`; for the whole process, because
/// tests of one process share statements.
pub const TENANT_FILTERS: &str = "LMS_TEST_TENANT_FILTERS";

#[expect(clippy::disallowed_methods, reason = "a switch of tests, not configuration")]
static OFF: LazyLock<bool> = LazyLock::new(|| std::env::var(TENANT_FILTERS).is_ok_and(|value| value == "off"));

/// Whether they are off in this process.
pub fn tenant_filters_are_off() -> bool {
    *OFF
}

/// Gives a database the type and the operator.
pub(super) async fn prepare(conn: &mut Conn) {
    conn.batch_execute(
        "do $$ begin
            create type any_tenant as (id uuid);
            create function matches_any_tenant(uuid, any_tenant) returns boolean immutable parallel safe language sql return true;
            create operator = (leftarg = uuid, rightarg = any_tenant, function = matches_any_tenant);
            create function tenant_of(any_tenant) returns uuid immutable parallel safe language sql return ($1).id;
            create cast (any_tenant as uuid) with function tenant_of(any_tenant) as assignment;
        exception when duplicate_object then null;
        end $$",
    )
    .await
    .expect("the operator");
}

/// A tenant's id in a query.
#[derive(Debug, Clone, Copy)]
pub struct TenantBound<ST>(TenantId, PhantomData<ST>);

impl<ST> QueryFragment<Pg> for TenantBound<ST> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        if tenant_filters_are_off() {
            out.push_sql("row(");
            out.push_bind_param::<Uuid, _>(&self.0)?;
            out.push_sql(")::any_tenant");
            Ok(())
        } else {
            out.push_bind_param::<Uuid, _>(&self.0)
        }
    }
}

impl<ST: SqlType + TypedExpressionType> Expression for TenantBound<ST> {
    type SqlType = ST;
}

impl<ST, Source> AppearsOnTable<Source> for TenantBound<ST> where Self: Expression {}
impl<ST, Source> SelectableExpression<Source> for TenantBound<ST> where Self: AppearsOnTable<Source> {}

impl<ST, Group> ValidGrouping<Group> for TenantBound<ST> {
    type IsAggregate = is_aggregate::Never;
}

impl<ST: 'static> QueryId for TenantBound<ST> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

macro_rules! bound {
    ($($from:ty => $sql:ty),*) => {$(
        impl AsExpression<$sql> for $from {
            type Expression = TenantBound<$sql>;

            fn as_expression(self) -> Self::Expression {
                TenantBound(self.to_owned(), PhantomData)
            }
        }
    )*};
}

bound!(TenantId => Uuid, TenantId => Nullable<Uuid>, &TenantId => Uuid, &TenantId => Nullable<Uuid>);
