//! Courses: what is taught, who sees it and who changes it.

mod access;
mod browsing;
mod content;
mod copying;
mod denied;
mod editing;
mod module_prerequisites;
mod modules;
mod prerequisites;
mod replacing;
mod versions;

use shared::ids::TenantId;
use shared::users::UserRole;

use crate::support::{Client, TestApp};

/// An API with a tenant, and somebody of each role in it.
pub(crate) struct School {
    pub(crate) app: TestApp,
    pub(crate) tenant: TenantId,
    pub(crate) admin: Client,
    pub(crate) instructor: Client,
    pub(crate) learner: Client,
}

impl School {
    pub(crate) async fn start() -> Self {
        let app = TestApp::start().await;
        let tenant = app.tenant().await;
        let admin = app.as_role(tenant, UserRole::Admin).await;
        let instructor = app.as_role(tenant, UserRole::Instructor).await;
        let learner = app.as_role(tenant, UserRole::Learner).await;
        Self { app, tenant, admin, instructor, learner }
    }

    /// The jobs of this kind that wait, by what they are about.
    pub(crate) async fn jobs(&self, kind: &str) -> Vec<String> {
        self.app.db.texts(&format!("select args::text as text from jobs where kind = '{kind}' order by id")).await
    }

    /// The kinds of the events that were recorded, in order.
    pub(crate) async fn events(&self) -> Vec<String> {
        self.app.db.texts("select event_type as text from events order by id").await
    }
}
