//! What a transcript says, in the languages that certificates are spoken in.

/// The fixed words of a transcript.
#[derive(Debug)]
pub(super) struct TranscriptWords {
    pub(super) heading: &'static str,
    pub(super) as_of: &'static str,
    pub(super) course: &'static str,
    pub(super) enrolled: &'static str,
    pub(super) completed: &'static str,
    pub(super) hours: &'static str,
    pub(super) result: &'static str,
    pub(super) passed: &'static str,
    pub(super) in_progress: &'static str,
    pub(super) expired: &'static str,
    pub(super) nothing: &'static str,
    /// Before the number of courses completed, and of their hours.
    pub(super) summary: &'static str,
    pub(super) verify: &'static str,
    pub(super) page: &'static str,
}

impl TranscriptWords {
    /// The words of a language that certificates speak.
    pub(super) fn of(language: &str) -> &'static Self {
        match language {
            "de" => &GERMAN,
            "fr" => &FRENCH,
            "es" => &SPANISH,
            "pt" => &PORTUGUESE,
            _ => &ENGLISH,
        }
    }
}

static ENGLISH: TranscriptWords = TranscriptWords {
    heading: "TRANSCRIPT OF LEARNING",
    as_of: "As of",
    course: "Course",
    enrolled: "Enrolled",
    completed: "Completed",
    hours: "Hours",
    result: "Result",
    passed: "Completed",
    in_progress: "In progress",
    expired: "Ended",
    nothing: "No courses yet.",
    summary: "Courses completed · hours",
    verify: "The code below a course verifies its certificate at",
    page: "Page",
};

static GERMAN: TranscriptWords = TranscriptWords {
    heading: "LEISTUNGSNACHWEIS",
    as_of: "Stand",
    course: "Kurs",
    enrolled: "Begonnen",
    completed: "Abgeschlossen",
    hours: "Stunden",
    result: "Ergebnis",
    passed: "Abgeschlossen",
    in_progress: "Läuft",
    expired: "Beendet",
    nothing: "Noch keine Kurse.",
    summary: "Abgeschlossene Kurse · Stunden",
    verify: "Der Code unter einem Kurs prüft sein Zertifikat unter",
    page: "Seite",
};

static FRENCH: TranscriptWords = TranscriptWords {
    heading: "RELEVÉ DE FORMATION",
    as_of: "Établi le",
    course: "Cours",
    enrolled: "Inscription",
    completed: "Achèvement",
    hours: "Heures",
    result: "Résultat",
    passed: "Achevé",
    in_progress: "En cours",
    expired: "Terminé",
    nothing: "Aucun cours pour l’instant.",
    summary: "Cours achevés · heures",
    verify: "Le code sous un cours permet de vérifier son certificat à l’adresse",
    page: "Page",
};

static SPANISH: TranscriptWords = TranscriptWords {
    heading: "EXPEDIENTE ACADÉMICO",
    as_of: "A fecha de",
    course: "Curso",
    enrolled: "Inscripción",
    completed: "Finalización",
    hours: "Horas",
    result: "Resultado",
    passed: "Completado",
    in_progress: "En curso",
    expired: "Terminado",
    nothing: "Ningún curso todavía.",
    summary: "Cursos completados · horas",
    verify: "El código bajo un curso verifica su certificado en",
    page: "Página",
};

static PORTUGUESE: TranscriptWords = TranscriptWords {
    heading: "HISTÓRICO DE FORMAÇÃO",
    as_of: "Em",
    course: "Curso",
    enrolled: "Inscrição",
    completed: "Conclusão",
    hours: "Horas",
    result: "Resultado",
    passed: "Concluído",
    in_progress: "Em andamento",
    expired: "Encerrado",
    nothing: "Nenhum curso ainda.",
    summary: "Cursos concluídos · horas",
    verify: "O código abaixo de um curso verifica o seu certificado em",
    page: "Página",
};
