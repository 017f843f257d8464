//! The OpenAPI document, and the pages that show it, all served by ourselves.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use axum::{Json, extract::State};
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, HttpMethod, OpenApi as Document, Ref, RefOr, Response as Described};
use utoipa::{Modify, OpenApi};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::app::App;
use crate::http::Problem;
use crate::router;

/// The name of the security scheme in the document.
const TOKEN: &str = "token";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "LMS",
        description = "A learning management system for many tenants. Sign in at `/api/auth/login/` and send the access token as `Authorization: Bearer …`. \
            Every error is an `application/problem+json`.",
    ),
    components(schemas(Problem)),
    modifiers(&Scheme),
    tags(
        (name = "auth", description = "Signing in and out, one's own account, sessions and passwords"),
        (name = "users", description = "The people of a tenant, and groups of them"),
        (name = "tenants", description = "Schools and companies, their domains, flags and settings"),
        (name = "federation", description = "Identity providers and learning platforms that a tenant trusts"),
        (name = "files", description = "What people upload: folders, versions, downloads"),
        (name = "courses", description = "Courses, their modules and content"),
        (name = "enrollments", description = "Who learns what, and how far they are"),
        (name = "certificates", description = "Proofs of completed courses, and their verification"),
        (name = "notifications", description = "What a person should know"),
        (name = "analytics", description = "Counts of what happened"),
        (name = "dashboards", description = "What one sees first"),
        (name = "audit", description = "Who changed what"),
        (name = "jobs", description = "Work in the background"),
        (name = "health", description = "Whether this server lives and can serve"),
    ),
)]
struct Base;

struct Scheme;

impl Modify for Scheme {
    fn modify(&self, document: &mut Document) {
        let mut token = Http::new(HttpAuthScheme::Bearer);
        token.bearer_format = Some("JWT".to_owned());
        document.components.get_or_insert_default().add_security_scheme(TOKEN, SecurityScheme::Http(token));
    }
}

/// The document without operations, to which the domains add theirs.
pub fn base() -> Document {
    Base::openapi()
}

/// The whole document: the domains' operations, each with the errors that any operation may have.
pub fn document() -> Document {
    let mut document = router::routes().into_openapi();
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (HttpMethod::Get, &mut item.get),
            (HttpMethod::Post, &mut item.post),
            (HttpMethod::Put, &mut item.put),
            (HttpMethod::Patch, &mut item.patch),
            (HttpMethod::Delete, &mut item.delete),
        ];
        for (_, operation) in operations {
            let Some(operation) = operation else { continue };
            let mut statuses =
                vec![("400", "Not valid"), ("429", "Too often"), ("500", "Our fault"), ("503", "Not just now")];
            // `security(())` in a handler's document: nobody needs to be signed in.
            let is_open = operation.security.as_ref().is_some_and(|any| any.contains(&SecurityRequirement::default()));
            if !is_open {
                operation.security = Some(vec![SecurityRequirement::new::<_, [&str; 0], &str>(TOKEN, [])]);
                statuses.extend([("401", "Nobody is signed in"), ("403", "Not yours to do")]);
            }
            if path.contains('{') {
                statuses.push(("404", "Not there, or not for you"));
            }
            if operation.request_body.is_some() {
                statuses.extend([("413", "Too large"), ("415", "Not JSON")]);
            }
            for (status, description) in statuses {
                operation
                    .responses
                    .responses
                    .entry(status.to_owned())
                    .or_insert_with(|| RefOr::T(problem(description)));
            }
        }
    }
    document
}

/// An answer that is a problem.
fn problem(description: &str) -> Described {
    let mut response = Described::new(description);
    let schema = RefOr::Ref(Ref::from_schema_name("Problem"));
    response.content.insert("application/problem+json".to_owned(), RefOr::T(Content::new(Some(schema))));
    response
}

/// The document as JSON, Swagger UI and ReDoc, all from this binary: they work without a network,
/// and no one else's script runs on them.
pub fn pages() -> Router<App> {
    // Both pages style their elements inline and show icons as data; ReDoc searches in a worker.
    const POLICY: HeaderValue = HeaderValue::from_static(
        "default-src 'none'; script-src 'self'; worker-src blob:; style-src 'self' 'unsafe-inline'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; frame-ancestors 'none'",
    );
    const SCRIPT: [(HeaderName, &str); 2] =
        [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "public, max-age=86400")];
    // A relative address: the page also works behind a proxy that adds a prefix.
    let swagger: Router<App> =
        SwaggerUi::new("/api/schema/swagger-ui").config(Config::from("../").persist_authorization(true)).into();
    Router::new()
        .route("/api/schema/", get(schema))
        .route("/api/schema/redoc/", get(async || Html(include_str!("../assets/redoc/index.html"))))
        .route(
            "/api/schema/redoc/redoc.standalone.js",
            get(async || (SCRIPT, include_str!("../assets/redoc/redoc.standalone.js"))),
        )
        .merge(swagger)
        .layer(SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, POLICY))
}

async fn schema(State(_): State<App>) -> Response {
    static DOCUMENT: std::sync::LazyLock<Document> = std::sync::LazyLock::new(document);
    Json(&*DOCUMENT).into_response()
}
