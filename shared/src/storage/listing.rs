//! What is in the store, for those who clean up.

use chrono::{DateTime, Utc};

use super::Storage;

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub key: String,
    pub changed_at: DateTime<Utc>,
}

/// Some of the objects under a beginning of their keys, in the order of those.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    pub objects: Vec<Stored>,
    /// Where to go on; none at the end.
    pub next: Option<String>,
}

impl Storage {
    /// A thousand objects whose keys begin with `prefix`, from where an earlier answer ended.
    ///
    /// # Errors
    /// The store's.
    pub async fn list(&self, prefix: &str, from: Option<String>) -> anyhow::Result<Listed> {
        let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix);
        let answer = request.set_continuation_token(from).send().await?;
        let stored = |object: aws_sdk_s3::types::Object| {
            let changed_at = DateTime::from_timestamp(object.last_modified?.secs(), 0)?;
            Some(Stored { key: object.key?, changed_at })
        };
        Ok(Listed {
            objects: answer.contents.unwrap_or_default().into_iter().filter_map(stored).collect(),
            next: answer.next_continuation_token,
        })
    }

    /// The folders right under `prefix`, which ends with a slash, as the store tells them.
    ///
    /// # Errors
    /// The store's.
    pub async fn folders(&self, prefix: &str) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        let mut from = None;
        loop {
            let request = self.client.list_objects_v2().bucket(&self.bucket).prefix(prefix).delimiter("/");
            let answer = request.set_continuation_token(from).send().await?;
            let names = answer.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix);
            found.extend(names.map(|name| name.trim_start_matches(prefix).trim_end_matches('/').to_owned()));
            match answer.next_continuation_token {
                Some(next) => from = Some(next),
                None => return Ok(found),
            }
        }
    }
}
