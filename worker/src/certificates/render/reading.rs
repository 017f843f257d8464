//! Reading a page back as a person would copy it out of a viewer. For tests.

use std::collections::BTreeMap;

use lopdf::content::Content;
use lopdf::{Document, Object};

/// The text of a document's only page, without spaces: where they are is the reader's guess.
pub(super) fn text_of(pdf: &[u8]) -> String {
    let texts = texts_of(pdf);
    let [text] = &texts[..] else { panic!("{} pages", texts.len()) };
    text.clone()
}

/// The text of each page.
pub(super) fn texts_of(pdf: &[u8]) -> Vec<String> {
    let document = Document::load_mem(pdf).unwrap();
    document.get_pages().into_values().map(|page| page_text(&document, page)).collect()
}

fn page_text(document: &Document, page: lopdf::ObjectId) -> String {
    let fonts: BTreeMap<Vec<u8>, BTreeMap<Vec<u8>, String>> = document
        .get_page_fonts(page)
        .unwrap()
        .into_iter()
        .map(|(name, font)| {
            let cmap = font.get_deref(b"ToUnicode", document).unwrap().as_stream().unwrap();
            (name, mappings(&String::from_utf8_lossy(&cmap.decompressed_content().unwrap())))
        })
        .collect();
    let content = Content::decode(&document.get_page_content(page).unwrap()).unwrap();

    let mut text = String::new();
    let mut font = &BTreeMap::new();
    // For each open mark: whether it says itself what is written inside.
    let mut marks = Vec::new();
    for operation in content.operations {
        match operation.operator.as_str() {
            "Tf" => font = &fonts[operation.operands[0].as_name().unwrap()],
            "BMC" => marks.push(false),
            "BDC" => {
                let actual = operation.operands[1].as_dict().ok().and_then(|d| d.get(b"ActualText").ok());
                text.extend(actual.map(|actual| lopdf::decode_text_string(actual).unwrap()));
                marks.push(actual.is_some());
            }
            "EMC" => drop(marks.pop()),
            "Tj" | "TJ" if !marks.contains(&true) => {
                operation.operands.iter().for_each(|shown| show(shown, font, &mut text));
            }
            _ => {}
        }
    }
    text.split_whitespace().collect()
}

fn show(shown: &Object, font: &BTreeMap<Vec<u8>, String>, text: &mut String) {
    match shown {
        Object::Array(parts) => parts.iter().for_each(|part| show(part, font, text)),
        Object::String(codes, _) => {
            codes.chunks(2).for_each(|code| text.push_str(font.get(code).map_or("?", String::as_str)));
        }
        _ => {}
    }
}

/// The lines `<code> <UTF-16>` of a character map.
fn mappings(cmap: &str) -> BTreeMap<Vec<u8>, String> {
    let bytes = |hex: &str| -> Option<Vec<u8>> {
        let hex = hex.strip_prefix('<')?.strip_suffix('>')?;
        hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    };
    let section = cmap.split("beginbfchar").skip(1).filter_map(|rest| rest.split("endbfchar").next());
    section
        .flat_map(str::lines)
        .filter_map(|line| {
            let (code, text) = line.trim().split_once(' ')?;
            let units: Vec<u16> = bytes(text)?.chunks(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
            Some((bytes(code)?, String::from_utf16_lossy(&units)))
        })
        .collect()
}
