//! From PostgreSQL's log to pgbench's script.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context;

/// What stands in the statement that finds the caller of a request, and in no other.
const SIGNS_IN: &str = "\"sessions\"";

/// What the relay's statements speak of, and no request's.
const RELAYS: [&str; 5] = ["job_relay", "job_queues", "job_schedules", "job_backlogs", "dispatched"];

/// What stands in the statement by which a connection changes hands: between two requests, or from
/// a request to the relay. pgbench's connections are in the request's role already.
const CHANGES_HANDS: &str = "set_config('role', '";
/// How it says that they are the relay's.
const TO_THE_RELAY: &str = "set_config('role', 'lms_relay'";

/// A line of the log with what belongs to it.
struct Entry {
    process: String,
    level: String,
    text: String,
}

/// A process, and how often its connection has changed hands.
type Hands = (String, usize);

/// The statements of the one request that the log tells of, each with its values. A request may use
/// several connections, one after the other. Others run beside it: the relay looks for jobs.
pub(super) fn of_request(log: &str) -> anyhow::Result<Vec<String>> {
    let entries = by_hands(entries(log));
    let signs_in = entries
        .iter()
        .find(|(_, entry)| entry.level == "LOG" && entry.text.contains(SIGNS_IN))
        .map(|(hands, _)| hands.clone())
        .context("the log tells of nobody who signs in")?;
    let is_beside =
        |entry: &Entry| RELAYS.iter().any(|table| entry.text.contains(table)) || entry.text.contains(TO_THE_RELAY);
    let beside: BTreeSet<Hands> = entries
        .iter()
        .filter(|(hands, entry)| *hands != signs_in && is_beside(entry))
        .map(|(hands, _)| hands.clone())
        .collect();
    let mut statements: Vec<String> = Vec::new();
    for (_, entry) in entries.into_iter().filter(|(hands, _)| !beside.contains(hands)) {
        match entry.level.as_str() {
            "LOG" if entry.text.contains(CHANGES_HANDS) => {}
            "LOG" => statements.extend(statement(&entry.text)),
            "DETAIL" => {
                let values = values(&entry.text);
                if let Some(last) = statements.last_mut() {
                    *last = filled_in(last, &values);
                }
            }
            _ => {}
        }
    }
    Ok(statements)
}

/// Each line with the hands that its connection was in.
fn by_hands(entries: Vec<Entry>) -> Vec<(Hands, Entry)> {
    let mut changes: BTreeMap<String, usize> = BTreeMap::new();
    let with_hands = |entry: Entry| {
        let times = changes.entry(entry.process.clone()).or_default();
        *times += usize::from(entry.text.contains(CHANGES_HANDS));
        ((entry.process.clone(), *times), entry)
    };
    entries.into_iter().map(with_hands).collect()
}

/// Splits the log at its prefix, `<process> LEVEL:  `; other lines go on the one before.
fn entries(log: &str) -> Vec<Entry> {
    let mut found: Vec<Entry> = Vec::new();
    for line in log.lines() {
        let parsed = line.strip_prefix('<').and_then(|rest| {
            let (process, rest) = rest.split_once("> ")?;
            let (level, text) = rest.split_once(":  ")?;
            process.parse::<u32>().ok()?;
            Some(Entry { process: process.to_owned(), level: level.to_owned(), text: text.to_owned() })
        });
        match (parsed, found.last_mut()) {
            (Some(entry), _) => found.push(entry),
            (None, Some(last)) => {
                // Lines stay lines: a comment ends with its line.
                last.text.push('\n');
                last.text.push_str(line.trim());
            }
            (None, None) => {}
        }
    }
    found
}

/// `execute name: select …` or `statement: begin`.
fn statement(text: &str) -> Option<String> {
    let (how, sql) = text.split_once(": ")?;
    (how == "statement" || how.starts_with("execute ")).then(|| sql.trim_end_matches(';').to_owned())
}

/// `Parameters: $1 = 'x', $2 = NULL`, as literals. PostgreSQL 15 writes the first word small.
fn values(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(" = ") {
        if let Some(quoted) = after.strip_prefix('\'') {
            let end = end_of_literal(quoted);
            let (value, left) = quoted.split_at(end);
            found.push(literal(&value.replace("''", "'")));
            rest = left;
        } else {
            found.push("null".to_owned());
            rest = after;
        }
    }
    found
}

/// Where the quote is that is not doubled.
fn end_of_literal(quoted: &str) -> usize {
    let mut quotes = quoted.match_indices('\'').map(|(at, _)| at).peekable();
    while let Some(at) = quotes.next() {
        if quotes.next_if_eq(&(at + 1)).is_none() {
            return at;
        }
    }
    quoted.len()
}

/// A value as a literal in which pgbench sees none of its `:variables` and no end of a command.
fn literal(value: &str) -> String {
    let mut text = String::from("E'");
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\'' => text.push_str("''"),
            ':' => text.push_str("\\x3a"),
            ';' => text.push_str("\\x3b"),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
    text.push('\'');
    text
}

/// Puts the values in the places of `$1`, `$2`, …; the last first, for `$1` begins `$12`.
fn filled_in(sql: &str, values: &[String]) -> String {
    values
        .iter()
        .enumerate()
        .rev()
        .fold(sql.to_owned(), |sql, (index, value)| sql.replace(&format!("${}", index + 1), value))
}

/// Writes a script for each request.
pub(super) fn write(folder: &Path, requests: &[Vec<String>]) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (number, statements) in requests.iter().enumerate() {
        let path = folder.join(format!("{number}.sql"));
        std::fs::write(&path, statements.join(";\n") + ";\n")?;
        paths.push(path);
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "<7> LOG:  execute s1: SELECT * FROM job_queues
<8> LOG:  execute s0: SELECT \"sessions\".\"id\"
\t-- of those that are open
\tFROM \"sessions\" WHERE id = $1 AND at < $2
<8> DETAIL:  Parameters: $1 = 'it''s', $2 = '2026-01-05 09:00:00+00'
<8> LOG:  statement: BEGIN
<7> LOG:  execute s2: SELECT 1
<9> LOG:  execute s2: SELECT 2
<8> LOG:  execute s3: INSERT INTO t VALUES ($1, $2, $10)
<8> DETAIL:  parameters: $1 = NULL, $2 = '{\"a\":true}', $3 = 'c', $4 = 'd', $5 = 'e', $6 = 'f', $7 = 'g', $8 = 'h', $9 = 'i', $10 = 'j'
";

    #[test]
    fn the_script_has_the_statements_of_the_request_with_their_values() {
        let found = of_request(LOG).expect("statements");
        assert_eq!(
            found,
            [
                "SELECT \"sessions\".\"id\"\n-- of those that are open\nFROM \"sessions\" WHERE id = E'it''s' AND at < E'2026-01-05 09\\x3a00\\x3a00+00'",
                "BEGIN",
                "SELECT 2",
                "INSERT INTO t VALUES (null, E'{\"a\"\\x3atrue}', E'j')",
            ]
        );
    }

    #[test]
    fn a_connection_that_goes_from_the_request_to_the_relay_takes_nothing_of_it_along() {
        let changes_hands =
            "<8> LOG:  statement: select set_config('role', 'lms_relay', false), set_config('a', '', false)
<8> LOG:  execute s4: SELECT 3
<8> LOG:  execute s5: UPDATE jobs SET state = 'dispatched'
<8> LOG:  statement: select set_config('role', 'lms_app', false)
<8> LOG:  execute s6: SELECT 4
";
        let found = of_request(&format!("{LOG}{changes_hands}")).expect("statements");
        assert_eq!(found.last().map(String::as_str), Some("SELECT 4"));
        assert_eq!(found.len(), of_request(LOG).expect("statements").len() + 1, "{found:?}");
    }

    #[test]
    fn a_log_without_a_request_is_no_script() {
        assert!(of_request("<7> LOG:  statement: select 1\n").is_err());
    }
}
