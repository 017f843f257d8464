//! Where a mail may send its reader.

use url::Url;

/// A link made absolute, or `None` for one that no mail should carry.
///
/// A path is taken as one of the frontend's, and may not lead out of it. Anything else must be
/// `http` or `https`, with a host, and without a user name, by which `https://bank@evil` deceives.
pub(super) fn safe_link(frontend: &Url, link: &str) -> Option<String> {
    let link = link.trim();
    if link.is_empty() || link.chars().any(|c| c.is_control() || c == '\\') {
        return None;
    }
    if link.starts_with('/') {
        if link.starts_with("//") {
            return None;
        }
        let whole = Url::parse(&format!("{}{link}", frontend.as_str().trim_end_matches('/'))).ok()?;
        return (whole.origin() == frontend.origin()).then(|| whole.into());
    }
    let url = Url::parse(link).ok()?;
    is_web(&url).then(|| url.into())
}

/// The frontend's own address, if it is one.
pub(super) fn frontend(address: &str) -> Option<Url> {
    let url = Url::parse(address.trim()).ok()?;
    (is_web(&url) && url.query().is_none() && url.fragment().is_none()).then_some(url)
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host() && url.username().is_empty() && url.password().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(link: &str) -> Option<String> {
        safe_link(&frontend("https://learn.example.com/app/").unwrap(), link)
    }

    #[test]
    fn a_path_becomes_an_address_of_the_frontend() {
        let link = resolve("/learner/courses/7?tab=2#top").unwrap();
        assert_eq!(link, "https://learn.example.com/app/learner/courses/7?tab=2#top");
    }

    #[test]
    fn addresses_of_the_web_are_kept_and_quoted() {
        let link = resolve(" https://example.org/a b\"<c> ").unwrap();
        assert_eq!(link, "https://example.org/a%20b%22%3Cc%3E");
    }

    #[test]
    fn whatever_else_a_link_can_be_is_refused() {
        for bad in [
            "",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "mailto:a@example.com",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://bank.example@evil.example/",
            "https://",
            "https://example.org/\r\nBcc: x",
            "learner/courses",
        ] {
            assert_eq!(resolve(bad), None, "{bad}");
        }
    }
}
