//! What a program exports before anything happens.

use crate::telemetry::measures::{Kind, Program, of};

/// The lines of `program`'s counters that are there, at zero, from its first scrape. Counters that
/// count what has begun with the program itself are left out.
pub fn series_at_zero(program: Program) -> impl Iterator<Item = String> {
    // A worker's first look at Redis may find that it has no tickets of its, or fail.
    let at_once = ["relay_epoch_resets_total", "transport_restarts_total"];
    let counters = of(program).filter(move |measure| measure.kind == Kind::Counter && !at_once.contains(&measure.name));
    counters.flat_map(|measure| {
        measure.begun().into_iter().map(move |labels| {
            let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
            match labels.join(",") {
                none if none.is_empty() => format!("{} 0", measure.name),
                labels => format!("{}{{{labels}}} 0", measure.name),
            }
        })
    })
}
