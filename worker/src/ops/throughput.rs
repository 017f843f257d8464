//! What was done in the last quarter of an hour, as bars.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::db::Conn;
use shared::jobs::JobState;
use shared::jobs::throughput::{STRETCH, since};

/// Bars of a chart: a quarter of an hour.
const BARS: i32 = 90;
/// What a chart is wide and high in its own units.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 40.0;

/// The stretches that are over, each counted once however many look.
#[derive(Debug, Default)]
pub(super) struct Throughput {
    counted_until: Option<DateTime<Utc>>,
    /// By queue and stretch: done, and died.
    ended: BTreeMap<String, BTreeMap<DateTime<Utc>, (i64, i64)>>,
}

/// A chart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Chart {
    /// What was done, as the path of an SVG.
    done: String,
    /// What died, below it.
    died: String,
    /// Jobs done in all.
    jobs: i64,
    /// Jobs that died in all.
    deaths: i64,
    /// The most that ended in one second, as a text.
    peak: String,
}

impl Throughput {
    /// Counts what has ended since the last time.
    pub(super) async fn count(&mut self, conn: &mut Conn) -> anyhow::Result<()> {
        let oldest = shared::jobs::ledger::database_time(conn).await? - STRETCH * BARS;
        let from = self.counted_until.unwrap_or(oldest).max(oldest);
        let (ended, until) = since(conn, from).await?;
        for stretch in ended {
            let (done, died) = self.ended.entry(stretch.queue).or_default().entry(stretch.at).or_default();
            match stretch.state {
                JobState::Dead => *died += stretch.jobs,
                _ => *done += stretch.jobs,
            }
        }
        for stretches in self.ended.values_mut() {
            stretches.retain(|at, _| *at >= until - STRETCH * BARS);
        }
        self.counted_until = Some(until);
        Ok(())
    }

    /// The chart of a queue.
    pub(super) fn chart(&self, queue: &str) -> Chart {
        let empty = BTreeMap::new();
        let stretches = self.ended.get(queue).unwrap_or(&empty);
        let until = self.counted_until.unwrap_or_default();
        let bars: Vec<(i64, i64)> = (0..BARS)
            .map(|bar| stretches.get(&(until - STRETCH * (BARS - bar))).copied().unwrap_or_default())
            .collect();
        drawn(&bars)
    }
}

fn drawn(bars: &[(i64, i64)]) -> Chart {
    let highest = bars.iter().map(|(done, died)| done + died).max().unwrap_or_default().max(1);
    let number = |count: i64| u32::try_from(count).map_or(f64::from(u32::MAX), f64::from);
    let scale = (HEIGHT - 1.0) / number(highest);
    let step = WIDTH / f64::from(BARS);
    let (mut done_path, mut died_path) = (String::new(), String::new());
    let mut x = 0.0;
    for (done, died) in bars {
        let (done_high, died_high) = (number(*done) * scale, number(*died) * scale);
        // A single job among thousands is still a line.
        let died_high = if *died > 0 { died_high.max(1.0) } else { 0.0 };
        for (path, bottom, high) in [
            (&mut died_path, HEIGHT, died_high),
            (&mut done_path, HEIGHT - died_high, done_high.min(HEIGHT - died_high)),
        ] {
            if high > 0.0 {
                // Writing to a string cannot fail.
                let _ = write!(path, "M{x:.1} {bottom:.1}v-{high:.1}h{:.1}v{high:.1}z", step - 0.8);
            }
        }
        x += step;
    }
    Chart {
        done: done_path,
        died: died_path,
        jobs: bars.iter().map(|(done, _)| done).sum(),
        deaths: bars.iter().map(|(_, died)| died).sum(),
        peak: format!("{:.1}", bars.iter().map(|(done, died)| number(done + died)).fold(0.0, f64::max) / 10.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_fills_the_chart_and_a_single_death_is_seen() {
        let chart = drawn(&[(0, 0), (1_000, 0), (500, 1)]);
        assert_eq!(chart.done, "M4.0 40.0v-39.0h3.2v39.0zM8.0 39.0v-19.5h3.2v19.5z");
        assert_eq!(chart.died, "M8.0 40.0v-1.0h3.2v1.0z");
        assert_eq!((chart.jobs, chart.deaths, chart.peak.as_str()), (1_500, 1, "100.0"));
    }

    #[test]
    fn nothing_done_is_an_empty_chart() {
        let chart = Throughput::default().chart("within_5s");
        assert_eq!((chart.done.as_str(), chart.died.as_str(), chart.jobs), ("", "", 0));
    }
}
