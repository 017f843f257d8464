//! Random people, courses and instants: the decision is the plain rule, and its reasons are its causes.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

use super::{Access, ItemGate, ModuleGate, Part, Reason, Window};
use crate::courses::module_prerequisite::{ModulePrerequisite, ModulePrerequisiteRow};
use crate::courses::{CourseLink, CourseStatus, EnrollmentStatus, PrerequisiteType, Standing, UnmetPrerequisite};
use crate::ids::{CourseId, EnrollmentId, ModuleId, ModulePrerequisiteId, TenantId};
use crate::testing::make::morning;

/// Somebody who wants to see an item.
#[derive(Debug, Clone)]
struct World {
    access: Access,
    module: ModuleGate,
    item: ItemGate,
}

impl World {
    fn reasons(&self) -> Vec<Reason> {
        self.access.item(self.module, self.item).reasons
    }

    /// The rule in one sentence, written down a second time.
    fn may_see(&self) -> bool {
        let Access { runs, course_status, standing, module_prerequisites, at, .. } = &self.access;
        let takes_part = standing.is_some_and(|standing| match standing.status {
            EnrollmentStatus::Completed => true,
            EnrollmentStatus::Active => standing.expires_at.is_none_or(|end| end > *at),
            _ => false,
        });
        let open = |window: Window| {
            let relative = standing.zip(window.release_after_days).map(|(standing, days)| {
                standing.started_at.unwrap_or(standing.enrolled_at) + TimeDelta::days(days.into())
            });
            window.release_at.is_none_or(|from| from <= *at)
                && relative.is_none_or(|from| from <= *at)
                && window.available_until.is_none_or(|until| *at < until)
        };
        let learned = module_prerequisites.iter().all(|row| {
            row.prerequisite.module_id != self.module.id
                || row.prerequisite.prerequisite_type != PrerequisiteType::Required
                || row.done >= row.required
        });
        *runs
            || (*course_status != CourseStatus::Draft
                && takes_part
                && learned
                && self.item.is_published
                && open(self.module.window)
                && open(self.item.window))
    }

    /// The world without a reason's cause.
    fn without(&self, reason: &Reason) -> Self {
        let mut world = self.clone();
        let learner = || Standing { status: EnrollmentStatus::Active, expires_at: None, ..nobody(world.access.at) };
        match reason {
            Reason::NotPublished(Part::Item) => world.item.is_published = true,
            Reason::NotPublished(_) | Reason::CourseArchived => world.access.course_status = CourseStatus::Published,
            Reason::NotEnrolled => world.access.standing = Some(learner()),
            Reason::EnrollmentPending | Reason::EnrollmentCancelled | Reason::EnrollmentExpired(_) => {
                world.access.standing = world.access.standing.map(|standing| Standing {
                    status: EnrollmentStatus::Active,
                    expires_at: None,
                    ..standing
                });
            }
            Reason::PrerequisiteCourse(unmet) => {
                world.access.unmet_courses.retain(|other| other.course != unmet.course);
            }
            Reason::NotReleased(part, opens) | Reason::NoLongerAvailable(part, opens) => {
                let window = if *part == Part::Module { &mut world.module.window } else { &mut world.item.window };
                if matches!(reason, Reason::NotReleased(..)) {
                    assert!(*opens > world.access.at);
                    (window.release_at, window.release_after_days) = (None, None);
                } else {
                    assert!(*opens <= world.access.at);
                    window.available_until = None;
                }
            }
            Reason::PrerequisiteModule(unmet) => {
                for row in &mut world.access.module_prerequisites {
                    if unmet.module.as_ref().is_some_and(|module| module.id == row.prerequisite.prerequisite_module_id)
                    {
                        row.done = row.required;
                    }
                }
            }
        }
        world
    }
}

fn nobody(at: DateTime<Utc>) -> Standing {
    Standing {
        id: EnrollmentId::new(),
        status: EnrollmentStatus::Pending,
        progress: 0,
        enrolled_at: at,
        started_at: None,
        expires_at: None,
    }
}

fn instant() -> impl Strategy<Value = DateTime<Utc>> {
    (-40_i64..40).prop_map(|days| morning() + TimeDelta::days(days))
}

fn window() -> impl Strategy<Value = Window> {
    let usually_none = |strategy| prop::option::weighted(0.3, strategy);
    (usually_none(instant().boxed()), prop::option::weighted(0.3, 0..40), usually_none(instant().boxed())).prop_map(
        |(release_at, release_after_days, available_until)| Window { release_at, release_after_days, available_until },
    )
}

fn standing() -> impl Strategy<Value = Option<Standing>> {
    let status = prop_oneof![
        4 => Just(EnrollmentStatus::Active),
        1 => prop::sample::select(EnrollmentStatus::ALL),
    ];
    let standing = (status, instant(), prop::option::of(instant()), prop::option::weighted(0.3, instant())).prop_map(
        |(status, enrolled_at, started_at, expires_at)| Standing {
            status,
            enrolled_at,
            // Whoever waits has not begun.
            started_at: started_at.filter(|_| status != EnrollmentStatus::Pending),
            expires_at,
            ..nobody(enrolled_at)
        },
    );
    prop::option::weighted(0.8, standing)
}

fn row(module: ModuleId, kind: PrerequisiteType, required: i64, done: i64) -> ModulePrerequisiteRow {
    let (tenant_id, course_id) = (TenantId::new(), CourseId::new());
    ModulePrerequisiteRow {
        prerequisite: ModulePrerequisite {
            id: ModulePrerequisiteId::new(),
            tenant_id,
            course_id,
            module_id: module,
            prerequisite_course_id: course_id,
            prerequisite_module_id: ModuleId::new(),
            prerequisite_type: kind,
            created_at: morning(),
        },
        title: "Before".to_owned(),
        position: 1,
        in_draft: false,
        required,
        done: done.min(required),
    }
}

fn world() -> impl Strategy<Value = World> {
    let status = prop_oneof![
        3 => Just(CourseStatus::Published),
        1 => prop::sample::select(CourseStatus::ALL),
    ];
    let kind = prop::sample::select(PrerequisiteType::ALL);
    let before = prop::collection::vec((any::<bool>(), kind, 0..3_i64, 0..3_i64), 0..4);
    let gates = (window(), window(), prop::bool::weighted(0.8));
    (prop::bool::weighted(0.1), status, standing(), 0..3_usize, before, instant(), gates).prop_map(
        |(runs, course_status, standing, unmet, before, at, (opens, window, is_published))| {
            let module = ModuleId::new();
            let rows = before.into_iter().map(|(own, kind, required, done)| {
                row(if own { module } else { ModuleId::new() }, kind, required, done)
            });
            let unmet_courses = (0..unmet).map(|_| UnmetPrerequisite {
                course: Some(CourseLink { id: CourseId::new(), title: "Basics".to_owned(), slug: "basics".to_owned() }),
                progress: None,
                required: 100,
            });
            let access = Access {
                runs,
                course_status,
                standing,
                unmet_courses: unmet_courses.collect(),
                module_prerequisites: rows.collect(),
                at,
            };
            World { access, module: ModuleGate { id: module, window: opens }, item: ItemGate { is_published, window } }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_decision_is_the_rule(world in world()) {
        let decision = world.access.item(world.module, world.item);
        prop_assert_eq!(decision.is_allowed(), world.may_see(), "{:?}", decision.reasons);
    }

    #[test]
    fn each_reason_goes_with_its_cause(world in world()) {
        for reason in world.reasons() {
            let after = world.without(&reason).reasons();
            prop_assert!(!after.contains(&reason), "{reason:?} has another cause: {after:?}");
        }
    }

    #[test]
    fn without_all_causes_it_is_allowed(world in world()) {
        let mut world = world;
        // A cause may have hidden another: whoever is enrolled waits for what opens later.
        for _ in 0..20 {
            let Some(reason) = world.reasons().into_iter().next() else { break };
            world = world.without(&reason);
        }
        prop_assert_eq!(world.reasons(), vec![]);
        prop_assert!(world.may_see());
    }

    #[test]
    fn what_the_module_denies_the_item_denies(world in world()) {
        let item = world.reasons();
        let module = world.access.module(world.module).reasons;
        let course = world.access.course().reasons;
        prop_assert!(item.starts_with(&module) && module.starts_with(&course));
    }
}
