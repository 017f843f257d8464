//! Courses as people look for them.

use diesel::dsl::count_star;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use super::standing::{TakerTakesPart, TakesPart};
use super::{Course, CourseStatus, DifficultyLevel, Standing};
use crate::db::schema::{courses, enrollments, modules, tenants, users};
use crate::db::{Conn, Error, Numbered, Page, UnknownValue, containing};
use crate::ids::{CourseId, TenantId, UserId};
use crate::users::Person;

diesel::alias!(enrollments as takers: Takers);

diesel::define_sql_function! {
    /// Replaces letters by others.
    fn translate(text: Text, from: Text, to: Text) -> Text;
}

diesel::define_sql_function! {
    /// In lower case.
    fn lower(text: Text) -> Text;
}

/// Who looks, and how far they may see in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// All courses of the tenant.
    Administrator(UserId),
    /// One's own, and those that are published.
    Instructor(UserId),
    /// Those that are published, and those one takes part in.
    Learner(UserId),
}

impl Viewer {
    /// Who it is.
    pub const fn user(self) -> UserId {
        match self {
            Self::Administrator(user) | Self::Instructor(user) | Self::Learner(user) => user,
        }
    }
}

/// Which courses are wanted.
#[derive(Debug, Clone, Default)]
pub struct CourseFilter {
    /// In title, description or category.
    pub search: Option<String>,
    pub status: Option<CourseStatus>,
    /// Whatever its case, and however its words are joined.
    pub category: Option<String>,
    pub difficulty_level: Option<DifficultyLevel>,
    pub instructor: Option<UserId>,
    /// Only those that the viewer takes part in.
    pub enrolled: bool,
    /// Hours at most.
    pub max_duration: Option<i32>,
    pub ordering: CourseOrdering,
}

/// In which order; a minus turns it round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CourseOrdering {
    #[default]
    Title,
    TitleDown,
    Oldest,
    Newest,
    Shortest,
    Longest,
    Cheapest,
    Dearest,
}

impl std::str::FromStr for CourseOrdering {
    type Err = UnknownValue;

    fn from_str(given: &str) -> Result<Self, Self::Err> {
        const ALLOWED: &[&str] = &[
            "title",
            "-title",
            "created_at",
            "-created_at",
            "estimated_duration",
            "-estimated_duration",
            "price",
            "-price",
        ];
        Ok(match given {
            "title" => Self::Title,
            "-title" => Self::TitleDown,
            "created_at" => Self::Oldest,
            "-created_at" => Self::Newest,
            "estimated_duration" => Self::Shortest,
            "-estimated_duration" => Self::Longest,
            "price" => Self::Cheapest,
            "-price" => Self::Dearest,
            _ => return Err(UnknownValue { given: given.to_owned(), allowed: ALLOWED }),
        })
    }
}

/// Names a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CourseKey<'a> {
    Id(CourseId),
    /// Within the tenant.
    Slug(&'a str),
}

/// A course as lists show it.
#[derive(Debug, Clone, PartialEq)]
pub struct CourseRow {
    pub course: Course,
    pub tenant_name: String,
    pub instructor: Option<Person>,
    pub module_count: i64,
    /// Those who take part: active or completed.
    pub enrollment_count: i64,
    /// The viewer's enrollment, whatever its status.
    pub standing: Option<Standing>,
}

type Columns = (Course, String, Option<Person>, Option<i64>, Option<i64>, Option<Standing>, i64);

impl Course {
    /// The tenant's courses that the viewer may find, in one query.
    pub async fn list(
        conn: &mut Conn,
        tenant: TenantId,
        viewer: Viewer,
        filter: &CourseFilter,
        page: Numbered,
    ) -> Result<Page<CourseRow>, Error> {
        let rows = rows(conn, tenant, viewer.user(), &Wanted::Listed(viewer, filter), page).await?;
        let total = match rows.as_slice().first() {
            Some((.., total)) => *total,
            None if page.number == 1 => 0,
            // Beyond the end nobody tells how many there are: ask the first page.
            None => {
                let first = Numbered { number: 1, size: 1 };
                let rows = self::rows(conn, tenant, viewer.user(), &Wanted::Listed(viewer, filter), first).await?;
                rows.as_slice().first().map_or(0, |(.., total)| *total)
            }
        };
        Ok(Page::numbered(rows.into_iter().map(CourseRow::from).collect(), total))
    }

    /// A course as its page shows it to `user`. Whether they may see it is the caller's to decide.
    pub async fn find_row(
        conn: &mut Conn,
        tenant: TenantId,
        key: CourseKey<'_>,
        user: UserId,
    ) -> Result<Option<CourseRow>, Error> {
        let rows = rows(conn, tenant, user, &Wanted::One(key), Numbered { number: 1, size: 1 }).await?;
        Ok(rows.into_iter().next().map(CourseRow::from))
    }

    /// A course, and how `user` stands to it.
    pub async fn find_with_standing(
        conn: &mut Conn,
        tenant: TenantId,
        key: CourseKey<'_>,
        user: UserId,
    ) -> Result<Option<(Self, Option<Standing>)>, Error> {
        let query = courses::table
            .left_join(
                enrollments::table.on(enrollments::tenant_id
                    .eq(courses::tenant_id)
                    .and(enrollments::course_id.eq(courses::id))
                    .and(enrollments::user_id.eq(user))),
            )
            .filter(courses::tenant_id.eq(tenant))
            .select((Self::as_select(), Option::<Standing>::as_select()))
            .into_boxed::<Pg>();
        let query = match key {
            CourseKey::Id(id) => query.filter(courses::id.eq(id)),
            CourseKey::Slug(slug) => query.filter(courses::slug.eq(slug)),
        };
        query.first(conn).await.optional()
    }
}

enum Wanted<'a> {
    One(CourseKey<'a>),
    Listed(Viewer, &'a CourseFilter),
}

#[expect(clippy::too_many_lines, reason = "one query, whose type nobody wants to write down")]
async fn rows(
    conn: &mut Conn,
    tenant: TenantId,
    user: UserId,
    wanted: &Wanted<'_>,
    page: Numbered,
) -> Result<Vec<Columns>, Error> {
    let module_count = modules::table
        .filter(modules::tenant_id.eq(courses::tenant_id))
        .filter(modules::course_id.eq(courses::id))
        .count()
        .single_value();
    let enrollment_count = takers
        .filter(takers.field(enrollments::tenant_id).eq(courses::tenant_id))
        .filter(takers.field(enrollments::course_id).eq(courses::id))
        .filter(TakerTakesPart)
        .count()
        .single_value();
    let mut query = courses::table
        .inner_join(tenants::table)
        .left_join(users::table.on(
            users::tenant_id.eq(courses::tenant_id.nullable()).and(users::id.nullable().eq(courses::instructor_id)),
        ))
        .left_join(
            enrollments::table.on(enrollments::tenant_id
                .eq(courses::tenant_id)
                .and(enrollments::course_id.eq(courses::id))
                .and(enrollments::user_id.eq(user))),
        )
        .filter(courses::tenant_id.eq(tenant))
        .select((
            Course::as_select(),
            tenants::name,
            Option::<Person>::as_select(),
            module_count,
            enrollment_count,
            Option::<Standing>::as_select(),
            count_star().over(),
        ))
        .into_boxed::<Pg>();
    let filter = match wanted {
        Wanted::One(CourseKey::Id(id)) => return query.filter(courses::id.eq(*id)).limit(1).load(conn).await,
        Wanted::One(CourseKey::Slug(slug)) => return query.filter(courses::slug.eq(*slug)).limit(1).load(conn).await,
        Wanted::Listed(viewer, filter) => {
            query = match viewer {
                Viewer::Administrator(_) => query,
                Viewer::Instructor(user) => query.filter(
                    courses::status
                        .eq(CourseStatus::Published)
                        .or(courses::instructor_id.eq(*user))
                        .or(courses::status.eq(CourseStatus::Archived).and(TakesPart)),
                ),
                Viewer::Learner(_) => query.filter(
                    courses::status
                        .eq(CourseStatus::Published)
                        .or(courses::status.eq(CourseStatus::Archived).and(TakesPart)),
                ),
            };
            filter
        }
    };
    if let Some(search) = &filter.search {
        let pattern = containing(search);
        query = query.filter(
            courses::title
                .ilike(pattern.clone())
                .or(courses::description.ilike(pattern.clone()))
                .or(courses::category.ilike(pattern)),
        );
    }
    if let Some(status) = filter.status {
        query = query.filter(courses::status.eq(status));
    }
    if let Some(category) = &filter.category {
        // "Data Science" of the catalog's menu finds "data_science" and "data-science".
        let wanted = category.to_lowercase().replace(['-', '_'], " ");
        query = query.filter(translate(lower(courses::category), "-_", "  ").eq(wanted));
    }
    if let Some(level) = filter.difficulty_level {
        query = query.filter(courses::difficulty_level.eq(level));
    }
    if let Some(instructor) = filter.instructor {
        query = query.filter(courses::instructor_id.eq(instructor));
    }
    if filter.enrolled {
        query = query.filter(TakesPart);
    }
    if let Some(hours) = filter.max_duration {
        query = query.filter(courses::estimated_duration.le(hours));
    }
    let query = match filter.ordering {
        CourseOrdering::Title => query.order((courses::title.asc(), courses::id.asc())),
        CourseOrdering::TitleDown => query.order((courses::title.desc(), courses::id.desc())),
        CourseOrdering::Oldest => query.order((courses::created_at.asc(), courses::id.asc())),
        CourseOrdering::Newest => query.order((courses::created_at.desc(), courses::id.desc())),
        CourseOrdering::Shortest => query.order((courses::estimated_duration.asc(), courses::id.asc())),
        CourseOrdering::Longest => query.order((courses::estimated_duration.desc(), courses::id.desc())),
        CourseOrdering::Cheapest => query.order((courses::price_cents.asc(), courses::id.asc())),
        CourseOrdering::Dearest => query.order((courses::price_cents.desc(), courses::id.desc())),
    };
    query.limit(page.limit()).offset(page.offset()).load(conn).await
}

impl From<Columns> for CourseRow {
    fn from((course, tenant_name, instructor, modules, enrollments, standing, _): Columns) -> Self {
        Self {
            course,
            tenant_name,
            instructor,
            module_count: modules.unwrap_or(0),
            enrollment_count: enrollments.unwrap_or(0),
            standing,
        }
    }
}
