//! Statements of xAPI, as H5P's player makes them, and what they say of an item.

use serde_json::{Map, Value};

use super::ProgressStatus;

/// As much of a statement as counts here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statement {
    /// The verb's address: `http://adlnet.gov/expapi/verbs/completed`.
    pub verb: String,
    /// It speaks of a part of the item, a single question: that does not finish the whole.
    pub is_of_part: bool,
    pub completion: Option<bool>,
    pub success: Option<bool>,
    pub score_raw: Option<f64>,
    pub score_min: Option<f64>,
    pub score_max: Option<f64>,
    pub score_scaled: Option<f64>,
    pub duration: Option<String>,
}

impl Statement {
    /// How far it says that the learner is.
    pub fn status(&self) -> ProgressStatus {
        let is_end = matches!(self.verb_name(), "completed" | "passed" | "mastered") || self.completion == Some(true);
        if is_end && !self.is_of_part { ProgressStatus::Completed } else { ProgressStatus::InProgress }
    }

    /// The details that it tells. Scores of a part are not the whole's.
    pub fn details(self) -> Map<String, Value> {
        let mut details = Map::from_iter([("last_verb".to_owned(), self.verb_name().into())]);
        if self.is_of_part {
            return details;
        }
        let told = [
            ("completion", self.completion.map(Value::from)),
            ("success", self.success.map(Value::from)),
            ("score_raw", self.score_raw.map(Value::from)),
            ("score_min", self.score_min.map(Value::from)),
            ("score_max", self.score_max.map(Value::from)),
            ("score_scaled", self.score_scaled.map(Value::from)),
            ("duration", self.duration.map(Value::from)),
        ];
        details.extend(told.into_iter().filter_map(|(word, told)| Some((word.to_owned(), told?))));
        details
    }

    fn verb_name(&self) -> &str {
        self.verb.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_finished_by_a_statement_about_the_whole() {
        let said = |verb: &str, completion, is_of_part| {
            let verb = format!("http://adlnet.gov/expapi/verbs/{verb}");
            Statement { verb, is_of_part, completion, ..Statement::default() }.status()
        };
        assert_eq!(said("completed", None, false), ProgressStatus::Completed);
        assert_eq!(said("passed", None, false), ProgressStatus::Completed);
        assert_eq!(said("answered", Some(true), false), ProgressStatus::Completed);
        assert_eq!(said("answered", Some(true), true), ProgressStatus::InProgress);
        assert_eq!(said("completed", Some(true), true), ProgressStatus::InProgress);
        assert_eq!(said("interacted", None, false), ProgressStatus::InProgress);
        assert_eq!(said("failed", Some(false), false), ProgressStatus::InProgress);
    }

    #[test]
    fn a_part_tells_its_verb_only() {
        let said =
            Statement { verb: "answered".to_owned(), is_of_part: true, score_raw: Some(1.0), ..Statement::default() };
        assert_eq!(Value::Object(said.details()), serde_json::json!({"last_verb": "answered"}));
    }
}
