//! Searching in texts.

/// A pattern for `ilike` that finds texts with `part` in them, whatever characters it has.
pub(crate) fn containing(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for letter in part.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::containing;

    #[test]
    fn wildcards_of_like_are_letters() {
        assert_eq!(containing(r"100%_\"), r"%100\%\_\\%");
    }
}
