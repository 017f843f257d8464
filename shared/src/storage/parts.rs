//! Objects that come in parts: none of them is held whole.

use std::time::Duration;

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;

use super::Storage;

/// A part that the store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// From 1, in the order of the object.
    pub number: i32,
    /// What the store calls its content.
    pub tag: String,
}

/// A part that the store says it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// From 1.
    pub number: i32,
    pub size_bytes: i64,
    /// Not every store tells it here.
    pub tag: Option<String>,
}

/// Why parts did not become an object.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// The store does not have them so: a part is missing, too small, or another than its tag says;
    /// or the upload has ended before.
    #[error("the store does not have these parts")]
    NotThere,
    /// The store's.
    #[error(transparent)]
    Store(#[from] anyhow::Error),
}

impl Storage {
    /// Begins an object that comes in parts; returns what the store calls the upload. Until it is
    /// finished nobody sees the object.
    ///
    /// # Errors
    /// The store's.
    pub async fn begin_parts(&self, key: &str) -> anyhow::Result<String> {
        let begun = self.client.create_multipart_upload().bucket(&self.bucket).key(key).send().await?;
        begun.upload_id.ok_or_else(|| anyhow::anyhow!("the store gave the upload no name"))
    }

    /// Stores a part, of five MiB at least unless it is the last.
    ///
    /// # Errors
    /// The store's.
    pub async fn put_part(&self, key: &str, upload: &str, number: i32, bytes: Bytes) -> anyhow::Result<Part> {
        let request = self.client.upload_part().bucket(&self.bucket).key(key).upload_id(upload).part_number(number);
        let stored = request.body(ByteStream::from(bytes)).send().await?;
        let tag = stored.e_tag.ok_or_else(|| anyhow::anyhow!("the store gave the part no tag"))?;
        Ok(Part { number, tag })
    }

    /// A link by which anybody can store a part of exactly `size` bytes until it expires, or until
    /// the upload ends.
    ///
    /// # Errors
    /// The lifetime is longer than a week.
    pub async fn signed_part(
        &self,
        key: &str,
        upload: &str,
        number: i32,
        size: i64,
        lifetime: Duration,
    ) -> anyhow::Result<String> {
        let request = self.signer.upload_part().bucket(&self.bucket).key(key).upload_id(upload).part_number(number);
        let signed = request.content_length(size).presigned(PresigningConfig::expires_in(lifetime)?).await?;
        Ok(signed.uri().to_owned())
    }

    /// Makes the object out of its parts. Nothing can be added afterwards: links to parts are dead.
    pub async fn finish_parts(&self, key: &str, upload: &str, parts: &[Part]) -> Result<(), PartsError> {
        let parts = parts
            .iter()
            .map(|part| CompletedPart::builder().part_number(part.number).e_tag(&part.tag).build())
            .collect();
        let whole = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let request = self.client.complete_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        let Err(error) = request.multipart_upload(whole).send().await else { return Ok(()) };
        let is_refused = error.raw_response().is_some_and(|answer| answer.status().is_client_error());
        if is_refused { Err(PartsError::NotThere) } else { Err(PartsError::Store(error.into())) }
    }

    /// The parts that the store has of an upload, a thousand at most; none when the upload has
    /// ended.
    ///
    /// # Errors
    /// The store's.
    pub async fn parts(&self, key: &str, upload: &str) -> anyhow::Result<Vec<StoredPart>> {
        let request = self.client.list_parts().bucket(&self.bucket).key(key).upload_id(upload);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.code() == Some("NoSuchUpload") => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let parts = answer.parts.unwrap_or_default().into_iter();
        let mut parts: Vec<_> = parts
            .filter_map(|part| Some(StoredPart { number: part.part_number?, size_bytes: part.size?, tag: part.e_tag }))
            .collect();
        parts.sort_by_key(|part| part.number);
        Ok(parts)
    }

    /// Forgets an upload and its parts; that there is none is fine.
    ///
    /// # Errors
    /// The store's.
    pub async fn abort_parts(&self, key: &str, upload: &str) -> anyhow::Result<()> {
        let request = self.client.abort_multipart_upload().bucket(&self.bucket).key(key).upload_id(upload);
        let Err(error) = request.send().await else { return Ok(()) };
        // Stores say in different ways that there is none; what counts is that they have no parts.
        let has_ended = error.raw_response().is_some_and(|answer| answer.status().is_client_error())
            && self.parts(key, upload).await?.is_empty();
        if has_ended { Ok(()) } else { Err(error.into()) }
    }
}
