//! What a certificate is held to.

use std::time::Duration;

use proptest::prelude::*;

use super::reading::text_of;
use super::*;

const CODE: Uuid = Uuid::from_u128(0x0197_b0c4_6d7e_7c3a_9c51_2f6a_8e4b_1d90);
const VERIFY: &str = "https://lms.example.com/api/certificates/verify/0197b0c4-6d7e-7c3a-9c51-2f6a8e4b1d90/";

fn view<'a>(learner: &'a str, course: &'a str) -> CertificateView<'a> {
    CertificateView {
        tenant_name: "Acme Learning",
        primary_color: "#3B82F6",
        secondary_color: None,
        accent_color: None,
        logo_text: None,
        learner_name: learner,
        course_title: course,
        instructor_name: Some("John Smith"),
        issued_on: NaiveDate::from_ymd_opt(2026, 11, 14).unwrap(),
        expires_on: None,
        verification_code: CODE,
        verify_url: VERIFY,
        locale: "en",
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect()
}

#[test]
fn the_page_says_who_completed_what_and_when_and_under_which_code() {
    let mut view = view("Alice Williams", "Introduction to Python Programming");
    view.expires_on = NaiveDate::from_ymd_opt(2028, 11, 14);
    let text = text_of(&render(&view).unwrap());
    for part in [
        "Acme Learning",
        "Alice Williams",
        "Introduction to Python Programming",
        "14 November 2026",
        "14 November 2028",
        "John Smith",
        "0197b0c4-6d7e-7c3a-9c51-2f6a8e4b1d90",
    ] {
        assert!(text.contains(&squeezed(part)), "{part} in {text}");
    }
}

#[test]
fn names_of_other_scripts_can_be_copied_out_of_the_document() {
    for name in ["Nguyễn Thị Ánh", "Δημήτρης Παπαδόπουλος", "Ірина Щукіна", "王小明", "김민준"]
    {
        let text = text_of(&render(&view(name, "Knots")).unwrap());
        assert!(text.contains(&squeezed(name)), "{name} in {text}");
    }
}

#[test]
fn the_same_certificate_has_the_same_bytes_and_another_has_others() {
    let one = render(&view("Alice Williams", "Knots")).unwrap();
    assert!(one == render(&view("Alice Williams", "Knots")).unwrap());
    assert!(one != render(&view("Alice William", "Knots")).unwrap());
}

#[test]
fn an_empty_name_gets_a_word_in_its_place() {
    for empty in ["", "  \t", "\0\u{200B}\u{FEFF}"] {
        let text = text_of(&render(&view(empty, empty)).unwrap());
        assert!(text.contains("Thelearner") && text.contains("Untitledcourse"), "{text}");
    }
}

#[test]
fn the_document_declares_what_it_is() {
    let pdf = render(&view("Alice Williams", "Knots")).unwrap();
    let raw = String::from_utf8_lossy(&pdf);
    for mark in [
        "<pdfaid:part>2</pdfaid:part>",
        "<pdfaid:conformance>B</pdfaid:conformance>",
        "Knots – Alice Williams",
        "2026-11-14",
        "Acme Learning",
    ] {
        assert!(raw.contains(mark), "{mark}");
    }
    assert!(raw.contains(VERIFY), "the QR code can be clicked");
}

#[test]
fn colours_that_are_no_colours_do_no_harm() {
    for colour in ["", "red", "#zzzzzz", "#FFFFFF", "url(javascript:alert(1))"] {
        let mut view = view("Alice Williams", "Knots");
        view.primary_color = colour;
        view.accent_color = Some(colour);
        assert!(render(&view).is_ok(), "{colour}");
    }
}

#[test]
fn a_page_does_not_take_long_even_for_the_longest_title() {
    let title = "W".repeat(500);
    let took = (0..3).map(|_| {
        let start = std::time::Instant::now();
        render(&view(&title, &title)).unwrap();
        start.elapsed()
    });
    // A release build needs a fiftieth of this; what must not happen is the square of the length.
    let fastest = took.min().unwrap();
    assert!(fastest < Duration::from_secs(5), "{fastest:?}");
}

#[test]
fn extreme_names_are_drawn_all_the_same() {
    for name in [
        "𓀀𓀁𓀂",
        "\u{202E}gnp.exe\u{202C}",
        "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪👍🏽",
        "(((אב)) [مح] {१२})",
        "\u{0301}\u{0301}a\u{20DD}",
        "\u{FDFD}\u{FDFA}",
        "\u{1100}\u{1161}\u{11A8} \u{1100}\u{200D}\u{D55C}",
        "\u{10FFFF}\u{E000}\u{FFFD}",
    ] {
        assert!(render(&view(name, name)).is_ok(), "{name:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_whatever_keeps_a_certificate_from_its_owner(
        learner in ".{0,60}",
        course in any::<String>(),
        scripts in "[ a-zא-ת\u{627}-\u{64A}\u{300}-\u{310}\u{904}-\u{94D}\u{E01}-\u{E4C}一-丿가-각\u{1F600}-\u{1F64F}\u{0}\u{200D}]{0,500}",
        locale in "[a-z]{0,3}",
    ) {
        let mut view = view(&learner, &course);
        view.instructor_name = Some(&scripts);
        view.logo_text = Some(&course);
        view.tenant_name = &scripts;
        view.locale = &locale;
        prop_assert!(render(&view).is_ok());
        view.course_title = &scripts;
        prop_assert!(render(&view).is_ok());
    }
}
