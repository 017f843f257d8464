//! Texts that authors write and browsers show.

/// A text without anything that a browser would run.
///
/// Authors write Markdown with HTML in it. A text without tags is left as it is, because cleaning
/// would also turn the `<` and `&` of its code samples into entities; one with tags keeps those
/// that only format.
pub(crate) fn clean(text: &str) -> String {
    if has_tags(text) { ammonia::clean(text) } else { text.to_owned() }
}

/// Whether HTML would see a tag, a comment or a declaration.
fn has_tags(text: &str) -> bool {
    text.as_bytes()
        .windows(2)
        .any(|pair| matches!(pair, [b'<', next] if next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_would_run_is_taken_out() {
        for (written, kept) in [
            ("# Decorators\n\nDecorators are...", "# Decorators\n\nDecorators are..."),
            ("if a < b && c > d: x", "if a < b && c > d: x"),
            ("<b>bold</b>", "<b>bold</b>"),
            ("<script>alert(1)</script>hello", "hello"),
            ("<img src=x onerror=alert(1)>", "<img src=\"x\">"),
            ("<a href=\"javascript:alert(1)\">x</a>", "<a rel=\"noopener noreferrer\">x</a>"),
            ("<SVG/onload=alert(1)>", ""),
            ("<!--x--><iframe src=\"https://e.org\"></iframe>", ""),
        ] {
            assert_eq!(clean(written), kept, "{written}");
        }
    }
}
