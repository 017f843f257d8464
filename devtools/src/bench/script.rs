//! From PostgreSQL's log to pgbench's script.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// What stands in the statement that finds the caller of a request, and in no other.
const SIGNS_IN: &str = "\"sessions\"";

/// A line of the log with what belongs to it.
struct Entry {
    process: String,
    level: String,
    text: String,
}

/// The statements of the one request that the log tells of, each with its values. Others run
/// beside it (the relay looks for jobs), in other processes.
pub(super) fn of_request(log: &str) -> anyhow::Result<Vec<String>> {
    let entries = entries(log);
    let process = entries
        .iter()
        .find(|entry| entry.level == "LOG" && entry.text.contains(SIGNS_IN))
        .map(|entry| entry.process.clone())
        .context("the log tells of nobody who signs in")?;
    let mut statements: Vec<String> = Vec::new();
    for entry in entries.into_iter().filter(|entry| entry.process == process) {
        match entry.level.as_str() {
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
                last.text.push(' ');
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

    const LOG: &str = "<7> LOG:  execute s1: SELECT * FROM jobs
<8> LOG:  execute s0: SELECT \"sessions\".\"id\"
\tFROM \"sessions\" WHERE id = $1 AND at < $2
<8> DETAIL:  Parameters: $1 = 'it''s', $2 = '2026-01-05 09:00:00+00'
<8> LOG:  statement: BEGIN
<7> LOG:  execute s2: SELECT 1
<8> LOG:  execute s3: INSERT INTO t VALUES ($1, $2, $10)
<8> DETAIL:  parameters: $1 = NULL, $2 = '{\"a\":true}', $3 = 'c', $4 = 'd', $5 = 'e', $6 = 'f', $7 = 'g', $8 = 'h', $9 = 'i', $10 = 'j'
";

    #[test]
    fn the_script_has_the_statements_of_the_request_with_their_values() {
        let found = of_request(LOG).expect("statements");
        assert_eq!(
            found,
            [
                "SELECT \"sessions\".\"id\" FROM \"sessions\" WHERE id = E'it''s' AND at < E'2026-01-05 09\\x3a00\\x3a00+00'",
                "BEGIN",
                "INSERT INTO t VALUES (null, E'{\"a\"\\x3atrue}', E'j')",
            ]
        );
    }

    #[test]
    fn a_log_without_a_request_is_no_script() {
        assert!(of_request("<7> LOG:  statement: select 1\n").is_err());
    }
}
