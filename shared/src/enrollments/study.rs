//! When somebody learned, and for how long: counted from the events of learning.
//!
//! An event says that the person was at work at that instant, and there is one for each stretch of
//! five minutes in which they were. Events at most half an hour apart are one sitting, and a sitting
//! lasts from its first event to its last and five minutes more. A day is the person's own, from
//! midnight to midnight on their clock; the time between two events belongs to the day of the later
//! one. A streak is a row of days with at least one event, up to today, or up to yesterday as long as
//! today is not over.

use chrono::{DateTime, Days, DurationRound, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::db::schema::users;
use crate::db::{Conn, Error};
use crate::events::EventKind;
use crate::ids::{CourseId, TenantId, UserId};
use crate::locale::{midnight, time_zone};

/// One event of being at work is told for so long.
const STRETCH: TimeDelta = TimeDelta::minutes(5);
/// Events further apart are of two sittings.
const BREAK: TimeDelta = TimeDelta::minutes(30);
/// Days that are looked at, today among them: no streak is longer.
pub const DAYS: u16 = 366;
/// What tells of learning.
const KINDS: [EventKind; 3] = [EventKind::ContentProgressed, EventKind::ContentCompleted, EventKind::ModuleCompleted];

/// A day of somebody's learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StudyDay {
    pub day: NaiveDate,
    pub seconds: i64,
    /// How many events tell of it.
    pub events: i64,
}

/// When somebody learned.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// The person's zone.
    pub zone: Tz,
    /// The person's today.
    pub today: NaiveDate,
    /// Days in a row up to today, or up to yesterday.
    pub streak: usize,
    /// The longest row there was.
    pub longest_streak: usize,
    /// The days on which they learned, oldest first.
    pub days: Vec<StudyDay>,
}

impl Study {
    /// When somebody learned in the days up to now, in all their courses or in one.
    pub async fn of(
        conn: &mut Conn,
        tenant: TenantId,
        user: UserId,
        course: Option<CourseId>,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let name: String = users::table
            .filter(users::tenant_id.eq(tenant))
            .filter(users::id.eq(user))
            .select(users::timezone)
            .first(conn)
            .await?;
        Self::in_zone(conn, (tenant, user, course), time_zone(&name), now).await
    }

    /// The same, when the person's zone is known already.
    pub async fn in_zone(
        conn: &mut Conn,
        whose: (TenantId, UserId, Option<CourseId>),
        zone: Tz,
        now: DateTime<Utc>,
    ) -> Result<Self, Error> {
        let today = now.with_timezone(&zone).date_naive();
        let first = today.checked_sub_days(Days::new(u64::from(DAYS) - 1)).unwrap_or(today);
        let calendar: Vec<NaiveDate> = first.iter_days().take(usize::from(DAYS)).collect();
        let midnights = calendar.iter().map(|day| midnight(zone, *day)).collect();
        let days = counted(conn, whose, midnights, now).await?;
        let days: Vec<_> = days
            .into_iter()
            .filter_map(|(number, events, seconds)| {
                let place = usize::try_from(number).ok()?.checked_sub(1)?;
                Some(StudyDay { day: *calendar.get(place)?, seconds, events })
            })
            .collect();
        let (streak, longest_streak) = streaks(days.iter().map(|day| day.day), today);
        Ok(Self { zone, today, streak, longest_streak, days })
    }

    /// The last so many days, today among them, also those on which nothing was learned.
    pub fn last(&self, days: u16) -> Vec<StudyDay> {
        let Some(first) = self.today.checked_sub_days(Days::new(u64::from(days.max(1)) - 1)) else { return Vec::new() };
        let on = |day| self.days.iter().find(|studied| studied.day == day).copied();
        let calendar = first.iter_days().take_while(|day| *day <= self.today);
        calendar.map(|day| on(day).unwrap_or(StudyDay { day, seconds: 0, events: 0 })).collect()
    }
}

/// The stretch of time in which an instant lies.
pub(super) fn stretch_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(STRETCH).unwrap_or(at)
}

/// The number of each day on which there were events, how many, and for how long.
async fn counted(
    conn: &mut Conn,
    (tenant, user, course): (TenantId, UserId, Option<CourseId>),
    midnights: Vec<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<Vec<(i32, i64, i64)>, Error> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = Integer)]
        day_number: i32,
        #[diesel(sql_type = BigInt)]
        events: i64,
        #[diesel(sql_type = BigInt)]
        seconds: i64,
    }
    let rows: Vec<Row> = diesel::sql_query(include_str!("study.sql"))
        .bind::<SqlUuid, _>(tenant)
        .bind::<SqlUuid, _>(user)
        .bind::<Nullable<SqlUuid>, _>(course)
        .bind::<Array<Text>, _>(KINDS.map(EventKind::as_str).to_vec())
        .bind::<Array<Timestamptz>, _>(midnights)
        .bind::<Timestamptz, _>(now)
        .bind::<BigInt, _>(STRETCH.num_seconds())
        .bind::<BigInt, _>(BREAK.num_seconds())
        .load(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.day_number, row.events, row.seconds)).collect())
}

/// How many of these days, which are in order, are in a row up to today or yesterday, and how many at
/// most anywhere.
fn streaks(days: impl Iterator<Item = NaiveDate>, today: NaiveDate) -> (usize, usize) {
    let (mut row, mut longest, mut last) = (0, 0, None::<NaiveDate>);
    for day in days {
        row = if last.and_then(|last| last.succ_opt()) == Some(day) { row + 1 } else { 1 };
        longest = longest.max(row);
        last = Some(day);
    }
    let goes_on = last.is_some_and(|last| last == today || last.succ_opt() == Some(today));
    (if goes_on { row } else { 0 }, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, number).expect("a day")
    }

    #[test]
    fn a_streak_is_a_row_of_days_up_to_today_or_yesterday() {
        for (studied, today, expected) in [
            (vec![], 5, (0, 0)),
            (vec![5], 5, (1, 1)),
            (vec![4], 5, (1, 1)),
            (vec![3], 5, (0, 1)),
            (vec![1, 2, 3], 5, (0, 3)),
            (vec![1, 2, 3, 5], 5, (1, 3)),
            (vec![1, 3, 4, 5], 5, (3, 3)),
            (vec![1, 3, 4, 5], 6, (3, 3)),
        ] {
            assert_eq!(streaks(studied.iter().map(|number| day(*number)), day(today)), expected, "{studied:?}");
        }
    }

    #[test]
    fn days_without_learning_are_shown_as_such() {
        let learned = StudyDay { day: day(3), seconds: 300, events: 1 };
        let study = Study { zone: Tz::UTC, today: day(4), streak: 1, longest_streak: 1, days: vec![learned] };
        let empty = |number| StudyDay { day: day(number), seconds: 0, events: 0 };
        assert_eq!(study.last(3), [empty(2), learned, empty(4)]);
        assert_eq!(study.last(1), [empty(4)]);
    }
}
