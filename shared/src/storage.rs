//! The object store: anything that speaks S3. The worker writes and reads, the API signs links.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use secrecy::ExposeSecret;

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
    let plain: String =
        filename.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let full: String =
        url::form_urlencoded::byte_serialize(filename.as_bytes()).collect::<String>().replace('+', "%20");
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}")
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
