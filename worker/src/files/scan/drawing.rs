//! Whether a drawing is only drawn. It is never shown from here, only saved; this is for whoever
//! opens it then.

use std::fs::File;
use std::io::{Read, Seek};

use super::Refusal;

/// Larger ones are no drawings.
const LARGEST: i64 = 8 * 1024 * 1024;

/// What runs, or brings in what does.
const ACTIVE: [&str; 9] = [
    "<script",
    "javascript:",
    "<foreignobject",
    "<iframe",
    "<embed",
    "<object",
    "<!entity",
    "data:text/html",
    "<handler",
];

pub(super) fn is_still(mut file: File, size_bytes: i64) -> Result<(), Refusal> {
    if size_bytes > LARGEST {
        return Err("It is too large for a drawing.".to_owned());
    }
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut text));
    if read.is_err() || !text.contains("<svg") {
        return Err("It cannot be read as a drawing.".to_owned());
    }
    if is_active(&text) { Err("There is a script in it.".to_owned()) } else { Ok(()) }
}

fn is_active(text: &str) -> bool {
    let text: String = text.to_lowercase().chars().filter(|letter| !letter.is_control() || *letter == '\n').collect();
    ACTIVE.iter().any(|word| text.contains(word)) || has_handler(&text)
}

/// An attribute such as `onload = "…"`.
fn has_handler(text: &str) -> bool {
    let separates = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '/');
    text.match_indices("on").any(|(at, _)| {
        let is_attribute = text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(separates);
        let rest = text.get(at + 2..).unwrap_or_default();
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
        is_attribute && after.len() < rest.len() && after.trim_start().starts_with('=')
    })
}

#[cfg(test)]
mod tests {
    use super::is_active;

    #[test]
    fn what_runs_is_seen() {
        for active in [
            "<svg><script>alert(1)</script></svg>",
            "<svg><SCRIPT href='x'/></svg>",
            "<svg onload=alert(1)>",
            "<svg width='1'onload = 'x'>",
            "<svg/onload='x'>",
            "<svg><a href='java\tscript:x'/></svg>",
            "<!DOCTYPE svg [<!ENTITY x 'y'>]><svg/>",
            "<svg><foreignObject><body/></foreignObject></svg>",
        ] {
            assert!(is_active(active), "{active}");
        }
        for still in [
            "<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>",
            "<svg><text>on one condition = none</text></svg>",
            "<svg><title>only</title><path class='button'/></svg>",
        ] {
            assert!(!is_active(still), "{still}");
        }
    }
}
