//! A person, as others see them beside something else.

use diesel::prelude::*;

use crate::db::schema::users;
use crate::ids::UserId;

/// A person, as much of them as a list of something else shows.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users)]
pub struct Person {
    pub id: UserId,
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub avatar_url: Option<String>,
}

impl Person {
    /// First and last name, or the e-mail's when there is none.
    pub fn full_name(&self) -> String {
        let name = format!("{} {}", self.first_name, self.last_name);
        let name = name.trim();
        if name.is_empty() { self.email.clone() } else { name.to_owned() }
    }
}
