//! The people of a tenant, or of the whole platform, as lists.

use std::str::FromStr;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{User, UserRole, UserStatus};
use crate::db::schema::{tenants, users};
use crate::db::{Conn, Error, Numbered, Page, UnknownValue, containing};
use crate::ids::{TenantId, UserId};

/// A person, with the name of their tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct UserRow {
    pub user: User,
    /// None for superusers.
    pub tenant_slug: Option<String>,
}

/// Which people are wanted.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// None: of the whole platform.
    pub tenant: Option<TenantId>,
    /// A part of the e-mail or the name.
    pub search: Option<String>,
    pub role: Option<UserRole>,
    /// None: all but the deleted.
    pub status: Option<UserStatus>,
    pub is_active: Option<bool>,
    /// Learners only, whatever role is asked for: what an instructor may see.
    pub learners_only: bool,
    pub order: UserOrder,
}

/// By what a list of people is ordered; between equals by e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct UserOrder {
    by: UserColumn,
    descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum UserColumn {
    #[default]
    Email,
    LastName,
    FirstName,
    Role,
    Status,
    DateJoined,
    LastLogin,
}

impl FromStr for UserOrder {
    type Err = UnknownValue;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        let name = given.strip_prefix('-').unwrap_or(given);
        let by = match name {
            "email" => UserColumn::Email,
            "last_name" => UserColumn::LastName,
            "first_name" => UserColumn::FirstName,
            "role" => UserColumn::Role,
            "status" => UserColumn::Status,
            "date_joined" => UserColumn::DateJoined,
            "last_login" => UserColumn::LastLogin,
            _ => {
                let allowed = &["email", "last_name", "first_name", "role", "status", "date_joined", "last_login"];
                return Err(UnknownValue { given: given.to_owned(), allowed });
            }
        };
        Ok(Self { by, descending: name.len() != given.len() })
    }
}

type Query<'a> = diesel::dsl::IntoBoxed<'a, diesel::dsl::LeftJoin<users::table, tenants::table>, diesel::pg::Pg>;

impl UserRow {
    /// The person with this id in this tenant, or on the platform; the deleted are not found.
    pub async fn find(conn: &mut Conn, tenant: Option<TenantId>, id: UserId) -> Result<Option<Self>, Error> {
        let filter = UserFilter { tenant, ..UserFilter::default() };
        let found = matching(&filter)
            .filter(users::id.eq(id))
            .select((User::as_select(), tenants::slug.nullable()))
            .first::<(User, Option<String>)>(conn)
            .await
            .optional()?;
        Ok(found.map(|(user, tenant_slug)| Self { user, tenant_slug }))
    }

    /// Those who match, in the filter's order.
    pub async fn list(conn: &mut Conn, filter: &UserFilter, page: Numbered) -> Result<Page<Self>, Error> {
        let total = matching(filter).count().get_result(conn).await?;
        let rows: Vec<(User, Option<String>)> = ordered(matching(filter), filter.order)
            .select((User::as_select(), tenants::slug.nullable()))
            .limit(page.limit())
            .offset(page.offset())
            .load(conn)
            .await?;
        let people = rows.into_iter().map(|(user, tenant_slug)| Self { user, tenant_slug }).collect();
        Ok(Page::numbered(people, total))
    }
}

fn matching(filter: &UserFilter) -> Query<'_> {
    let mut query = users::table.left_join(tenants::table).into_boxed();
    if let Some(tenant) = filter.tenant {
        query = query.filter(users::tenant_id.eq(tenant));
    }
    query = match filter.status {
        Some(status) => query.filter(users::status.eq(status)),
        None => query.filter(users::status.ne(UserStatus::Deleted)),
    };
    if let Some(role) = filter.role {
        query = query.filter(users::role.eq(role));
    }
    if filter.learners_only {
        query = query.filter(users::role.eq(UserRole::Learner));
    }
    if let Some(is_active) = filter.is_active {
        query = query.filter(users::is_active.eq(is_active));
    }
    if let Some(search) = filter.search.as_deref().map(str::trim).filter(|search| !search.is_empty()) {
        let pattern = containing(search);
        let full_name = users::first_name.concat(" ").concat(users::last_name);
        query = query.filter(users::email.ilike(pattern.clone()).or(full_name.ilike(pattern)));
    }
    query
}

fn ordered(query: Query<'_>, order: UserOrder) -> Query<'_> {
    macro_rules! by {
        ($column:expr) => {
            if order.descending {
                query.order(($column.desc(), users::email, users::id))
            } else {
                query.order(($column.asc(), users::email, users::id))
            }
        };
    }
    match order.by {
        UserColumn::Email if order.descending => query.order((users::email.desc(), users::id)),
        UserColumn::Email => query.order((users::email, users::id)),
        UserColumn::LastName => by!(users::last_name),
        UserColumn::FirstName => by!(users::first_name),
        UserColumn::Role => by!(users::role),
        UserColumn::Status => by!(users::status),
        UserColumn::DateJoined => by!(users::created_at),
        // Those who never came are last either way.
        UserColumn::LastLogin if order.descending => {
            query.order((users::last_login_at.desc().nulls_last(), users::email, users::id))
        }
        UserColumn::LastLogin => query.order((users::last_login_at.asc().nulls_last(), users::email, users::id)),
    }
}
