//! Groups that learn a course together.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Seed;
use super::courses::Outline;
use super::learning::COURSES_EACH;
use super::people::IN_A_GROUP;
use crate::db::schema::group_enrollments;
use crate::db::{Conn, Error};
use crate::ids::GroupEnrollmentId;

/// The course of each group, by its place in the catalog.
const TOGETHER: [usize; 3] = [0, 1, 2];

/// The course of a learner's turn, by its place in the catalog. The last one is that of the learner's
/// group, unless it was their turn before.
pub(super) fn course_of(position: usize, turn: usize, courses: usize) -> usize {
    let usual = |turn: usize| (position + turn * 2) % courses.max(1);
    let together = TOGETHER.get(position / IN_A_GROUP).copied();
    let theirs = together.filter(|course| is_last(turn) && (0..turn).all(|before| usual(before) != *course));
    theirs.unwrap_or_else(|| usual(turn))
}

/// Whether a learner came into the course of this turn with their group.
pub(super) fn came_together(position: usize, turn: usize, course: usize) -> bool {
    is_last(turn) && TOGETHER.get(position / IN_A_GROUP) == Some(&course)
}

const fn is_last(turn: usize) -> bool {
    turn + 1 == COURSES_EACH
}

impl Seed<'_> {
    /// One for each group. Its members are in the course: some came with the group, some were there.
    pub(super) async fn together(&self, conn: &mut Conn, outline: &Outline) -> Result<usize, Error> {
        let courses = TOGETHER.iter().filter_map(|place| outline.courses.get(*place));
        let rows: Vec<_> = (0..)
            .step_by(IN_A_GROUP)
            .zip(courses)
            .filter_map(|(position, course)| {
                Some((
                    group_enrollments::id.eq(GroupEnrollmentId(self.id(&format!("together {}", course.slug)))),
                    group_enrollments::tenant_id.eq(self.tenant),
                    group_enrollments::group_id.eq(self.group_of(position)?),
                    group_enrollments::course_id.eq(course.id),
                    group_enrollments::created_at.eq(self.days_ago(31)),
                ))
            })
            .collect();
        diesel::insert_into(group_enrollments::table).values(rows).execute(conn).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_learner_is_in_three_courses_and_one_of_them_is_the_groups() {
        for position in 0..12 {
            let mut courses: Vec<_> = (0..COURSES_EACH).map(|turn| course_of(position, turn, 6)).collect();
            assert!(courses.contains(&TOGETHER[position / IN_A_GROUP]), "{position}: {courses:?}");
            courses.sort_unstable();
            courses.dedup();
            assert_eq!(courses.len(), COURSES_EACH, "{position}");
        }
    }
}
