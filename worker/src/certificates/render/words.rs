//! What a certificate says, in the languages that it is spoken in.

use chrono::{Datelike, NaiveDate};

/// The fixed words of a certificate.
#[derive(Debug)]
pub(super) struct Words {
    /// The language's tag, for the document's metadata.
    pub(super) language: &'static str,
    pub(super) heading: &'static str,
    pub(super) subheading: &'static str,
    pub(super) certifies: &'static str,
    pub(super) completed: &'static str,
    pub(super) issued: &'static str,
    pub(super) expires: &'static str,
    pub(super) instructor: &'static str,
    pub(super) issuer: &'static str,
    pub(super) verify: &'static str,
    /// Instead of a name that is empty.
    pub(super) nameless: &'static str,
    /// Instead of a course's title that is empty.
    pub(super) untitled: &'static str,
    months: [&'static str; 12],
    date: fn(u32, &str, i32) -> String,
}

impl Words {
    /// The words for a locale such as `de` or `pt-BR`; English for one that we do not speak.
    pub(super) fn of(locale: &str) -> &'static Self {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        ALL.into_iter().find(|words| words.language.eq_ignore_ascii_case(language)).unwrap_or(&ENGLISH)
    }

    /// A day, written out.
    pub(super) fn day(&self, day: NaiveDate) -> String {
        let month = usize::try_from(day.month0()).ok().and_then(|n| self.months.get(n));
        (self.date)(day.day(), month.copied().unwrap_or_default(), day.year())
    }
}

static ALL: [&Words; 5] = [&ENGLISH, &GERMAN, &FRENCH, &SPANISH, &PORTUGUESE];

static ENGLISH: Words = Words {
    language: "en",
    heading: "CERTIFICATE",
    subheading: "OF COMPLETION",
    certifies: "This is to certify that",
    completed: "has successfully completed the course",
    issued: "Awarded on",
    expires: "Valid until",
    instructor: "Instructor",
    issuer: "Issued by",
    verify: "Verify this certificate",
    nameless: "The learner",
    untitled: "Untitled course",
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    date: |day, month, year| format!("{day} {month} {year}"),
};

static GERMAN: Words = Words {
    language: "de",
    heading: "ZERTIFIKAT",
    subheading: "ÜBER DEN KURSABSCHLUSS",
    certifies: "Hiermit wird bescheinigt, dass",
    completed: "den folgenden Kurs erfolgreich abgeschlossen hat",
    issued: "Ausgestellt am",
    expires: "Gültig bis",
    instructor: "Kursleitung",
    issuer: "Ausgestellt von",
    verify: "Zertifikat prüfen",
    nameless: "Die teilnehmende Person",
    untitled: "Kurs ohne Titel",
    months: [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    date: |day, month, year| format!("{day}. {month} {year}"),
};

static FRENCH: Words = Words {
    language: "fr",
    heading: "CERTIFICAT",
    subheading: "DE RÉUSSITE",
    certifies: "Nous certifions que",
    completed: "a suivi avec succès le cours",
    issued: "Délivré le",
    expires: "Valable jusqu’au",
    instructor: "Responsable du cours",
    issuer: "Délivré par",
    verify: "Vérifier ce certificat",
    nameless: "La personne inscrite",
    untitled: "Cours sans titre",
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    date: |day, month, year| {
        let first = if day == 1 { "er" } else { "" };
        format!("{day}{first} {month} {year}")
    },
};

static SPANISH: Words = Words {
    language: "es",
    heading: "CERTIFICADO",
    subheading: "DE FINALIZACIÓN",
    certifies: "Por la presente se certifica que",
    completed: "ha completado con éxito el curso",
    issued: "Otorgado el",
    expires: "Válido hasta el",
    instructor: "Docente",
    issuer: "Emitido por",
    verify: "Verificar este certificado",
    nameless: "La persona inscrita",
    untitled: "Curso sin título",
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    date: |day, month, year| format!("{day} de {month} de {year}"),
};

static PORTUGUESE: Words = Words {
    language: "pt",
    heading: "CERTIFICADO",
    subheading: "DE CONCLUSÃO",
    certifies: "Certificamos que",
    completed: "concluiu com êxito o curso",
    issued: "Concedido em",
    expires: "Válido até",
    instructor: "Docente",
    issuer: "Emitido por",
    verify: "Verificar este certificado",
    nameless: "A pessoa inscrita",
    untitled: "Curso sem título",
    months: [
        "janeiro",
        "fevereiro",
        "março",
        "abril",
        "maio",
        "junho",
        "julho",
        "agosto",
        "setembro",
        "outubro",
        "novembro",
        "dezembro",
    ],
    date: |day, month, year| format!("{day} de {month} de {year}"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_written_as_the_language_writes_it() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let written = ["en-GB", "de", "fr_FR", "es", "pt-BR", "tlh", ""].map(|l| Words::of(l).day(day));
        assert_eq!(
            written,
            [
                "1 March 2026",
                "1. März 2026",
                "1er mars 2026",
                "1 de marzo de 2026",
                "1 de março de 2026",
                "1 March 2026",
                "1 March 2026",
            ]
        );
    }
}
