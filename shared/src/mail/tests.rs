//! What every mail is held to.

use super::*;

const LINK: &str = "https://learn.example.com/somewhere?id=7&x=1";

fn brand() -> Brand<'static> {
    Brand {
        tenant_name: "Acme Learning",
        primary_color: "#3B82F6",
        logo_text: None,
        support_email: Some("help@acme.example"),
        frontend_url: "https://learn.example.com",
    }
}

/// Every mail, each of its texts and links being those given.
fn all<'a>(text: &'a str, link: &'a str) -> Vec<Mail<'a>> {
    let (some, link_label) = (Some(text), Some(text));
    vec![
        Mail::PasswordReset { link, expires_minutes: 30 },
        Mail::Invitation { inviter_name: text, role: text, link, expires_days: 7 },
        Mail::PasswordChanged { changed_at: text, link },
        Mail::CourseEnrollment { course_title: text, instructor_name: some, link },
        Mail::CourseCompletion { course_title: text, link },
        Mail::CertificateIssued { course_title: text, code: text, link, verify_link: link },
        Mail::DeadlineReminder { item_title: text, course_title: text, due: text, link },
        Mail::NewContentAvailable { course_title: text, content_title: text, link },
        Mail::Announcement { title: text, message: text, author_name: some, link: Some(link) },
        Mail::AssessmentSubmission { learner_name: text, assessment_title: text, course_title: text, link },
        Mail::AssessmentGraded {
            assessment_title: text,
            course_title: text,
            score: text,
            passed: Some(true),
            feedback: some,
            link,
        },
        Mail::SystemAlert { title: text, severity: text, message: text, link: Some(link) },
        Mail::DiscussionReply { author_name: text, thread_title: text, course_title: text, message: text, link },
        Mail::Digest { count: 1, items: &[], more: 0, link },
        Mail::Notification { title: text, message: text, link: Some(link), link_label },
    ]
}

fn said(mail: &Mail<'_>) -> RenderedMail {
    render(mail, Some("Alice"), &brand(), None).unwrap_or_else(|error| panic!("{}: {error}", mail.name()))
}

#[test]
fn every_mail_says_in_text_and_in_html_whom_it_is_for_and_where_to_go() {
    let mails = all("Knots", LINK);
    assert_eq!(SOURCES.len(), 6 + 3 * mails.len());
    for mail in &mails {
        let RenderedMail { subject, text, html } = said(mail);
        assert!(!subject.is_empty() && !subject.contains('\n'), "{subject}");
        assert!(text.contains(LINK), "{text}");
        assert!(html.contains(&format!("href=\"{}\"", LINK.replace('&', "&amp;"))), "{html}");
        for part in ["Hello Alice,", "Acme Learning", "You receive this because", "help@acme.example"] {
            assert!(text.contains(part) && html.contains(part), "{part} in {}", mail.name());
        }
        assert!(!text.contains('<') && !text.contains("&amp;") && !text.contains("\n\n\n"), "{text}");
        let preferences = "https://learn.example.com/profile";
        assert_eq!(text.contains(preferences), mail.notifies(), "{}", mail.name());
        assert_eq!(html.contains(preferences), mail.notifies(), "{}", mail.name());
    }
}

#[test]
fn what_people_write_is_never_markup_nor_a_template_nor_a_header() {
    let hostile = "{{7*7}}{% raw %}<img src=x onerror=alert(1)>\"'&\r\nBcc: all@acme.example";
    let mut brand = brand();
    brand.tenant_name = hostile;
    brand.logo_text = Some(hostile);
    brand.support_email = Some("x@y.z?bcc=all@acme.example");
    brand.primary_color = "red;background:url(https://evil.example)";
    for mail in all(hostile, LINK) {
        let RenderedMail { subject, text, html } = render(&mail, Some(hostile), &brand, None).unwrap();
        assert!(!subject.chars().any(char::is_control), "{subject:?}");
        assert!(!html.contains("<img") && html.contains("&lt;img src=x onerror"), "{html}");
        assert!(html.contains("{{7*7}}") && text.contains("{{7*7}}") && !html.contains("49<"));
        assert!(!html.contains("url(https://evil") && !html.contains("?bcc="), "{html}");
        let greeting = text.lines().next().unwrap();
        assert!(greeting.ends_with("Bcc: all@acme.example,"), "{greeting}");
    }
}

#[test]
fn no_mail_leads_out_of_the_web() {
    for mail in all("Knots", "javascript:alert(1)") {
        let answer = render(&mail, None, &brand(), None);
        assert!(matches!(answer, Err(TemplateError::UnsafeLink { .. })), "{}", mail.name());
    }
}

#[test]
fn a_path_is_one_of_the_frontend() {
    let mail = Mail::CourseCompletion { course_title: "Knots", link: "/learner/courses/7" };
    assert!(said(&mail).text.contains("https://learn.example.com/learner/courses/7"));
}

#[test]
fn what_a_template_asks_for_and_does_not_get_is_an_error() {
    for mail in all("Knots", LINK) {
        let whole = context(&mail, &brand()).unwrap();
        for field in whole.keys() {
            let mut context = whole.clone();
            context.insert("recipient_name".to_owned(), Json::Null);
            context.insert("notifies".to_owned(), true.into());
            context.remove(field);
            let answer = render_parts(mail.name(), context, &brand(), &OwnWords::default());
            assert!(answer.is_err(), "{} without {field}", mail.name());
        }
    }
}

#[test]
fn what_is_optional_may_be_left_out() {
    let bare = [
        Mail::CourseEnrollment { course_title: "Knots", instructor_name: None, link: LINK },
        Mail::Announcement { title: "Hi", message: "All", author_name: None, link: None },
        Mail::SystemAlert { title: "Disk", severity: "warning", message: "Full", link: None },
        Mail::Notification { title: "Hi", message: "All", link: None, link_label: None },
        Mail::AssessmentGraded {
            assessment_title: "Quiz",
            course_title: "Knots",
            score: "3 of 4",
            passed: None,
            feedback: None,
            link: LINK,
        },
    ];
    let mut brand = brand();
    brand.support_email = None;
    for mail in &bare {
        let RenderedMail { subject, text, html } = render(mail, None, &brand, None).unwrap();
        for part in [&subject, &text, &html] {
            assert!(!part.to_lowercase().contains("none") || part.contains("display:none"), "{part}");
        }
        assert!(text.starts_with("Hello,\n") && !text.contains("none"), "{text}");
    }
}

#[test]
fn an_author_s_paragraphs_stay_paragraphs() {
    let message = "One\r\nand two\r\n\r\n\r\n\r\nThree";
    let mail = Mail::Announcement { title: "Hi", message, author_name: None, link: None };
    let html = said(&mail).html;
    assert!(html.contains("One<br>and two</p>") && html.contains(">Three</p>"), "{html}");
}

#[test]
fn the_words_on_a_button_can_be_read_on_any_colour() {
    for (colour, words) in [("#3B82F6", "#111827"), ("#1D4ED8", "#FFFFFF"), ("#FFFF00", "#111827"), ("#000", "#FFFFFF")]
    {
        let look = Look::new(&Brand { primary_color: colour, ..brand() }, None);
        let [ground, ink] = [&look.primary_color, &look.button_text_color].map(|c| Rgb::parse(c).unwrap());
        assert_eq!(look.button_text_color, words, "{colour}");
        assert!(ground.contrast(ink) >= 4.5, "{colour}");
    }
}

#[test]
fn a_subject_is_one_short_line_and_never_empty() {
    let long = "knots ".repeat(100);
    let mail = |title| Mail::Notification { title, message: "", link: None, link_label: None };
    assert!(said(&mail(&long)).subject.chars().count() <= MAX_SUBJECT);
    assert_eq!(said(&mail("\r\n")).subject, "Acme Learning");
}

#[test]
fn a_certificate_s_mail_as_text() {
    let mail = Mail::CertificateIssued {
        course_title: "Introduction to Python Programming",
        code: "0197b0c4-6d7e-7c3a-9c51-2f6a8e4b1d90",
        link: "/learner/certificates",
        verify_link: "/verify/0197b0c4-6d7e-7c3a-9c51-2f6a8e4b1d90",
    };
    let RenderedMail { subject, text, .. } = said(&mail);
    insta::assert_snapshot!(format!("{subject}\n\n{text}"), @r#"
    Your certificate for Introduction to Python Programming

    Hello Alice,

    Congratulations on completing "Introduction to Python Programming". Your certificate is ready to download:

    https://learn.example.com/learner/certificates

    Verification code:
        0197b0c4-6d7e-7c3a-9c51-2f6a8e4b1d90

    Anyone can check that it is genuine, without an account:
    https://learn.example.com/verify/0197b0c4-6d7e-7c3a-9c51-2f6a8e4b1d90

    -- 
    You receive this because you take part in courses at Acme Learning.
    Choose which e-mails you receive: https://learn.example.com/profile
    Acme Learning - help@acme.example
    "#);
}

fn own(part: &str, source: &str) -> OwnWords {
    let source = Some(source.to_owned());
    match part {
        "subject" => OwnWords { subject: source, ..OwnWords::default() },
        "text" => OwnWords { text: source, ..OwnWords::default() },
        _ => OwnWords { html: source, ..OwnWords::default() },
    }
}

#[test]
fn a_tenants_own_words_take_the_place_of_the_built_in_ones_part_by_part() {
    let mail = Mail::CourseCompletion { course_title: "Knots & <Splices>", link: LINK };
    let words = own("subject", "Bravo, {{ recipient_name }}!");
    let said = render(&mail, Some("Alice"), &brand(), Some(&words)).unwrap();
    let built_in = render(&mail, Some("Alice"), &brand(), None).unwrap();
    assert_eq!(said.subject, "Bravo, Alice!");
    assert_eq!(said.text, built_in.text);

    let words =
        own("html", "<h2 style=\"color: red; position: fixed\">{{course_title}}</h2><a href=\"{{ link }}\">On</a>");
    let html = render(&mail, Some("Alice"), &brand(), Some(&words)).unwrap().html;
    assert!(html.contains("Knots &amp; &lt;Splices&gt;</h2>") && html.contains("color:red"), "{html}");
    assert!(!html.contains("position") && !html.contains("Hello Alice"), "{html}");
    for framed in
        ["https://learn.example.com/somewhere?id=7&amp;x=1", "https://learn.example.com/profile", "Acme Learning"]
    {
        assert!(html.contains(framed), "{framed}");
    }

    let words = own("text", "{{ tenant_name }} congratulates: {{ course_title }}");
    let text = render(&mail, None, &brand(), Some(&words)).unwrap().text;
    assert!(text.starts_with("Acme Learning congratulates: Knots & <Splices>\n\n-- \n"), "{text}");
}

#[test]
fn own_words_run_nothing_and_add_no_header() {
    let hostile = "{{7*7}}\r\nBcc: all@acme.example <script>alert(1)</script> javascript:alert(1)";
    let mail = Mail::Announcement { title: hostile, message: hostile, author_name: Some(hostile), link: None };
    let words = OwnWords {
        subject: Some("{{ title }}\r\nX-Evil: {{ author_name }}".to_owned()),
        text: Some("{{ message }}".to_owned()),
        html: Some(
            "<script>x</script><p onclick=\"x\">{{ message }}</p><a href=\"{{ title }}\">x</a><a href=\"javascript:x\">y</a>\
             <iframe src=\"https://e.org\"></iframe><p style=\"background-image:url(https://e.org)\">z</p>"
                .to_owned(),
        ),
    };
    assert_eq!(check_words(&mail, &words), []);
    let RenderedMail { subject, text, html } = render(&mail, Some(hostile), &brand(), Some(&words)).unwrap();
    assert!(!subject.chars().any(char::is_control), "{subject:?}");
    assert!(text.contains("{{7*7}}") && html.contains("{{7*7}}"), "{html}");
    for running in ["<script", "onclick", "javascript:x", "<iframe", "url(https://e.org)", "href=\"{{7*7}}"] {
        assert!(!html.contains(running), "{running} in {html}");
    }
}

#[test]
fn nothing_but_known_names_stands_in_braces() {
    let mail = Mail::CourseCompletion { course_title: "Knots", link: LINK };
    for source in [
        "{{ 7*7 }}",
        "{{ course_title.upper() }}",
        "{{ course_title|upper }}",
        "{{ brand.tenant_name }}",
        "{{ range(1000000) }}",
        "{{ \"x\" }}",
        "{{- course_title }}",
        "{{{ course_title }}}",
        "{{ }}",
        "{{ course_title",
        "{{ unknown }}",
        "{% for x in range(100000000) %}x{% endfor %}",
        "{% include \"layout.html.j2\" %}",
        "{# a comment #}",
        &"{{ link }}".repeat(101),
    ] {
        for part in ["subject", "text", "html"] {
            assert_eq!(check_words(&mail, &own(part, source)).len(), 1, "{source}");
        }
    }
    for source in ["", "{ not a name }", "}} {", "{{course_title}} {{  link  }}", "a { b } c"] {
        assert_eq!(check_words(&mail, &own("text", source)), [], "{source}");
    }
}

#[test]
fn words_that_a_later_release_cannot_say_give_way_to_the_built_in_ones() {
    let mail = Mail::CourseCompletion { course_title: "Knots", link: LINK };
    let words = own("subject", "{{ gone }}");
    let said = render(&mail, None, &brand(), Some(&words)).unwrap();
    assert_eq!(said, render(&mail, None, &brand(), None).unwrap());
}

#[test]
fn there_is_a_sample_of_every_mail_but_the_digest() {
    let names = |mails: &[Mail<'_>]| mails.iter().map(Mail::name).collect::<Vec<_>>();
    let mut every = names(&all("Knots", LINK));
    every.retain(|name| *name != "digest");
    assert_eq!(names(&Mail::samples()), every);
    for mail in Mail::samples() {
        said(&mail);
    }
}

#[test]
fn a_digest_names_what_it_sums_up() {
    let items = [
        DigestItem { title: "You completed Knots", link: Some("/learner/courses/knots") },
        DigestItem { title: "<b>Rope</b> has arrived", link: None },
    ];
    let RenderedMail { subject, text, html } =
        said(&Mail::Digest { count: 5, items: &items, more: 3, link: "/notifications" });
    assert_eq!(subject, "5 notifications from Acme Learning");
    for part in ["* You completed Knots\n  https://learn.example.com/learner/courses/knots", "And 3 more."] {
        assert!(text.contains(part), "{text}");
    }
    assert!(html.contains("&lt;b&gt;Rope&lt;/b&gt; has arrived</li>"), "{html}");
    let unsafe_item = [DigestItem { title: "x", link: Some("javascript:alert(1)") }];
    let answer = render(&Mail::Digest { count: 1, items: &unsafe_item, more: 0, link: "/" }, None, &brand(), None);
    assert!(matches!(answer, Err(TemplateError::UnsafeLink { .. })));
}
