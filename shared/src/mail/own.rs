//! A tenant's own words in place of a built-in mail's.
//!
//! They are text with `{{ names }}` in it, and nothing else: no conditions, loops, filters or
//! calls, which are refused before anything is rendered. What is rendered is HTML without
//! anything that a browser would run, in the built-in frame.

use std::sync::LazyLock;

use ammonia::Builder;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::{Map, Value as Json};

use super::{PROSE, TemplateError, escape};

/// A tenant's own words; a part that is none is the built-in one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnWords {
    /// One line.
    pub subject: Option<String>,
    /// The part for readers of plain text.
    pub text: Option<String>,
    /// The part with colours, without its frame.
    pub html: Option<String>,
}

/// Why words are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// Something other than a name stands in braces.
    #[error("only names may stand in braces, like {{{{ recipient_name }}}}: `{0}` is none")]
    NotAName(String),
    /// The mail knows no such name.
    #[error("this mail does not know `{0}`")]
    UnknownName(String),
    /// The braces are not closed.
    #[error("there is a `{{{{` without its `}}}}`")]
    Open,
    /// There are too many names in it.
    #[error("there are more than {MOST_NAMES} names in it")]
    TooMany,
}

/// Names in one part at most: what is rendered stays within bounds.
const MOST_NAMES: usize = 100;
/// How much of what is not a name is told.
const SHOWN: usize = 40;

/// The two ways in which values are written.
const TEXT: &str = "text";
const HTML: &str = "html";

/// Steps of the renderer at most; far more than so many names need.
const FUEL: u64 = 10_000;

/// The styles that mails are dressed with; none that reaches out of its element or loads anything.
const STYLES: [&str; 16] = [
    "background-color",
    "border",
    "border-radius",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "line-height",
    "margin",
    "padding",
    "text-align",
    "text-decoration",
    "vertical-align",
    "width",
];

/// Whether `source` has nothing in braces but these names.
///
/// # Errors
/// See [`WordsError`].
pub(super) fn check(source: &str, known: &[String]) -> Result<(), WordsError> {
    let mut rest = source;
    let mut names = 0;
    while let Some((_, after)) = rest.split_once('{') {
        let Some(sign @ ('{' | '%' | '#')) = after.chars().next() else {
            rest = after;
            continue;
        };
        if sign != '{' {
            return Err(WordsError::NotAName(after.chars().take(SHOWN).collect()));
        }
        let (inside, behind) = after.trim_start_matches('{').split_once("}}").ok_or(WordsError::Open)?;
        let name = inside.trim();
        let is_name = !after.starts_with("{{")
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if !is_name {
            return Err(WordsError::NotAName(name.chars().take(SHOWN).collect()));
        }
        if !known.iter().any(|one| one == name) {
            return Err(WordsError::UnknownName(name.to_owned()));
        }
        names += 1;
        if names > MOST_NAMES {
            return Err(WordsError::TooMany);
        }
        rest = behind;
    }
    Ok(())
}

/// The names that words may use: those fields of the mail that are one value.
pub(super) fn names(context: &Map<String, Json>) -> Map<String, Json> {
    let simple = |value: &Json| !value.is_array() && !value.is_object();
    context
        .iter()
        .filter(|(name, value)| simple(value) && *name != "notifies")
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// `source` with the values in place of their names, as text.
pub(super) fn text(source: &str, values: &Map<String, Json>) -> Result<String, TemplateError> {
    let values = values.iter().map(|(name, value)| (name.clone(), Value::from(plain(value))));
    render(TEXT, source, values.collect())
}

/// `source` with the values in place of their names, as HTML that nothing runs in.
pub(super) fn html(source: &str, values: &Map<String, Json>) -> Result<String, TemplateError> {
    let shown = |name: &String, value: &Json| {
        let text = plain(value);
        if PROSE.contains(&name.as_str()) {
            Value::from_safe_string(escape(&text).replace('\n', "<br>"))
        } else {
            Value::from(text)
        }
    };
    let values = values.iter().map(|(name, value)| (name.clone(), shown(name, value)));
    let rendered = render(HTML, source, values.collect())?;
    // Last: also an author of `<a href="{{ course_title }}">` makes no link that runs.
    Ok(CLEANER.clean(&rendered).to_string())
}

/// A renderer that knows no filters, tests, functions or other templates, and does not go on for
/// ever.
fn render(name: &str, source: &str, values: Vec<(String, Value)>) -> Result<String, TemplateError> {
    let mut sandbox = Environment::empty();
    sandbox.set_undefined_behavior(UndefinedBehavior::Strict);
    sandbox.set_auto_escape_callback(|name| if name == HTML { AutoEscape::Html } else { AutoEscape::None });
    sandbox.set_fuel(Some(FUEL));
    Ok(sandbox.render_named_str(name, source, values.into_iter().collect::<Value>())?)
}

fn plain(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner.add_generic_attributes(["style", "align"]).filter_style_properties(STYLES.into());
    cleaner
});
