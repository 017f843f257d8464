//! The object store: anything that speaks S3. Small objects are put and got whole, large ones in
//! parts and as streams; browsers come by links that are signed.

mod listing;
mod parts;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::operation::get_object::GetObjectError;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use secrecy::ExposeSecret;

pub use listing::{Listed, Stored};
pub use parts::{Part, PartsError, StoredPart};

use crate::config::StorageConfig;

/// The object store, one bucket of it.
#[derive(Debug, Clone)]
pub struct Storage {
    client: Client,
    /// Signs for the address at which browsers reach the store.
    signer: Client,
    bucket: String,
}

impl Storage {
    /// Sets the client up; nothing is connected.
    pub fn new(config: &StorageConfig) -> Self {
        let client = |endpoint: Option<&String>| {
            let credentials =
                Credentials::new(&config.access_key, config.secret_key.expose_secret(), None, None, "environment");
            let mut builder = aws_sdk_s3::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(config.region.clone()))
                .credentials_provider(credentials)
                // Stores other than Amazon's reject checksums that they were not asked for.
                .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
            if let Some(endpoint) = endpoint {
                builder = builder.endpoint_url(endpoint).force_path_style(true);
            }
            Client::from_conf(builder.build())
        };
        Self {
            client: client(config.endpoint.as_ref()),
            signer: client(config.public_endpoint.as_ref().or(config.endpoint.as_ref())),
            bucket: config.bucket.clone(),
        }
    }

    /// Stores an object whole, over what was there.
    ///
    /// # Errors
    /// The store's.
    pub async fn put(&self, key: &str, content_type: &str, bytes: Vec<u8>) -> anyhow::Result<()> {
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(content_type)
            .body(ByteStream::from(bytes))
            .send()
            .await?;
        Ok(())
    }

    /// An object whole: for small ones that we have written ourselves.
    ///
    /// # Errors
    /// The store's; that it is not there is one.
    pub async fn get(&self, key: &str) -> anyhow::Result<Vec<u8>> {
        let object = self.client.get_object().bucket(&self.bucket).key(key).send().await?;
        Ok(object.body.collect().await?.to_vec())
    }

    /// An object piece by piece, however large; none when it is not there.
    ///
    /// # Errors
    /// The store's.
    pub async fn read(&self, key: &str) -> anyhow::Result<Option<Pieces>> {
        match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(object) => Ok(Some(Pieces(object.body))),
            Err(error) if error.as_service_error().is_some_and(GetObjectError::is_no_such_key) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// How many bytes an object has; none when it is not there.
    ///
    /// # Errors
    /// The store's.
    pub async fn size(&self, key: &str) -> anyhow::Result<Option<i64>> {
        match self.client.head_object().bucket(&self.bucket).key(key).send().await {
            Ok(head) => Ok(head.content_length()),
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an object; that it is not there is fine.
    ///
    /// # Errors
    /// The store's.
    pub async fn delete(&self, key: &str) -> anyhow::Result<()> {
        self.client.delete_object().bucket(&self.bucket).key(key).send().await?;
        Ok(())
    }

    /// A link by which anybody can download the object as `filename` until it expires. Signing
    /// asks nobody: the object may turn out not to be there.
    ///
    /// # Errors
    /// The lifetime is longer than a week.
    pub async fn signed_download(&self, key: &str, filename: &str, lifetime: Duration) -> anyhow::Result<String> {
        let request = self
            .signer
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition(attachment(filename))
            .presigned(PresigningConfig::expires_in(lifetime)?)
            .await?;
        Ok(request.uri().to_owned())
    }

    /// A link as [`Storage::signed_download`] makes, at which the store says that the object is of
    /// `media_type`, whatever it was stored as.
    ///
    /// # Errors
    /// The lifetime is longer than a week.
    pub async fn signed_link(
        &self,
        key: &str,
        disposition: String,
        media_type: &str,
        lifetime: Duration,
    ) -> anyhow::Result<String> {
        let request = self
            .signer
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .response_content_disposition(disposition)
            .response_content_type(media_type)
            .presigned(PresigningConfig::expires_in(lifetime)?)
            .await?;
        Ok(request.uri().to_owned())
    }
}

/// An object, piece by piece.
#[derive(Debug)]
pub struct Pieces(ByteStream);

impl Pieces {
    /// The next piece; none at the end.
    ///
    /// # Errors
    /// The connection to the store broke.
    pub async fn next(&mut self) -> anyhow::Result<Option<Bytes>> {
        Ok(self.0.next().await.transpose()?)
    }
}

/// Links by which a bucket is tried out: they write an object and remove it.
#[derive(Debug, Clone)]
pub struct Probe {
    pub put: String,
    pub delete: String,
}

impl Storage {
    /// Links to try the bucket out by, good for a minute. Nobody is asked.
    ///
    /// # Errors
    /// The configuration cannot be signed with.
    pub async fn probe(&self, key: &str) -> anyhow::Result<Probe> {
        let lifetime = PresigningConfig::expires_in(Duration::from_secs(60))?;
        let put = self.client.put_object().bucket(&self.bucket).key(key).presigned(lifetime.clone()).await?;
        let delete = self.client.delete_object().bucket(&self.bucket).key(key).presigned(lifetime).await?;
        Ok(Probe { put: put.uri().to_owned(), delete: delete.uri().to_owned() })
    }
}

/// The header that makes a browser save a file under a name, in plain ASCII and, for those that
/// read RFC 6266, in full.
pub fn attachment(filename: &str) -> String {
    disposition("attachment", filename)
}

/// The header that makes a browser show a file, and save it under a name when asked to.
pub fn inline(filename: &str) -> String {
    disposition("inline", filename)
}

fn disposition(kind: &str, filename: &str) -> String {
    let plain: String =
        filename.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let full: String =
        url::form_urlencoded::byte_serialize(filename.as_bytes()).collect::<String>().replace('+', "%20");
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{full}")
}

#[cfg(test)]
mod tests {
    use super::attachment;

    #[test]
    fn a_file_name_cannot_leave_its_header() {
        assert_eq!(
            attachment("Ünder\"\r\nX: y.pdf"),
            "attachment; filename=\"_nder___X_ y.pdf\"; filename*=UTF-8''%C3%9Cnder%22%0D%0AX%3A%20y.pdf"
        );
    }
}
