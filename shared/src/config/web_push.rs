//! As whom the platform speaks to browsers' push services (RFC 8292, "VAPID").

use anyhow::Context;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::SecretKey;
use p256::elliptic_curve::sec1::ToEncodedPoint;
use p256::pkcs8::EncodePrivateKey;
use secrecy::SecretSlice;

use super::Env;

/// As whom the platform speaks to browsers' push services.
#[derive(Debug, Clone)]
pub struct WebPushConfig {
    /// `WEB_PUSH_PRIVATE_KEY`.
    pub key: VapidKey,
    /// `WEB_PUSH_SUBJECT`: whom a push service turns to when something is wrong, as `mailto:` or
    /// `https:`.
    pub subject: String,
}

/// The key by which push services know the platform again. Browsers subscribe for its public half,
/// and who changes it has to ask them all anew.
#[derive(Debug, Clone)]
pub struct VapidKey(SecretKey);

impl WebPushConfig {
    /// Reads it; none when no key is named.
    pub fn from_env(env: &mut Env) -> Option<Self> {
        let (key, subject) = (env.optional("WEB_PUSH_PRIVATE_KEY"), env.optional("WEB_PUSH_SUBJECT"));
        let key = VapidKey::read(&key?);
        if key.is_none() {
            env.problem("WEB_PUSH_PRIVATE_KEY: not 32 bytes of a P-256 key in base64url");
        }
        let subject = subject.filter(|subject| subject.starts_with("mailto:") || subject.starts_with("https://"));
        if subject.is_none() {
            env.problem("WEB_PUSH_SUBJECT: neither a mailto: nor an https: address");
        }
        Some(Self { key: key?, subject: subject? })
    }
}

impl VapidKey {
    /// A private key as the usual tools print it: base64url, with or without padding.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        SecretKey::from_slice(&bytes).ok().filter(|_| bytes.len() == 32).map(Self)
    }

    /// What browsers subscribe for, and push services compare with: the public half, base64url.
    pub fn public(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.public_key().to_encoded_point(false).as_bytes())
    }

    /// The private half, for signing.
    ///
    /// # Errors
    /// It cannot be written, which the library never says in practice.
    pub fn pkcs8(&self) -> anyhow::Result<SecretSlice<u8>> {
        let document = self.0.to_pkcs8_der().context("writing the key of Web Push")?;
        Ok(SecretSlice::from(document.as_bytes().to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pair of the application server in RFC 8291's example.
    const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
    const PUBLIC: &str = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";

    fn read(pairs: &[(&str, &str)]) -> Result<Option<WebPushConfig>, crate::config::ConfigError> {
        let mut env = Env::from_pairs(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let config = WebPushConfig::from_env(&mut env);
        env.finish(config)
    }

    #[test]
    fn the_public_half_is_the_private_ones() {
        for text in [PRIVATE.to_owned(), format!("{PRIVATE}=")] {
            assert_eq!(VapidKey::read(&text).expect("a key").public(), PUBLIC);
        }
    }

    #[test]
    fn push_is_off_without_a_key_and_refuses_to_start_on_half_of_it() {
        assert!(read(&[]).expect("nothing wrong").is_none());
        assert!(read(&[("WEB_PUSH_SUBJECT", "mailto:ops@example.org")]).expect("nothing wrong").is_none());
        for (key, subject, problem) in [
            (PRIVATE, "", "WEB_PUSH_SUBJECT"),
            (PRIVATE, "ops@example.org", "WEB_PUSH_SUBJECT"),
            ("AAAA", "mailto:ops@example.org", "WEB_PUSH_PRIVATE_KEY"),
            ("not base64!", "mailto:ops@example.org", "WEB_PUSH_PRIVATE_KEY"),
            (&PRIVATE[..40], "mailto:ops@example.org", "WEB_PUSH_PRIVATE_KEY"),
        ] {
            let error = read(&[("WEB_PUSH_PRIVATE_KEY", key), ("WEB_PUSH_SUBJECT", subject)]).expect_err("a problem");
            assert!(error.0.len() == 1 && error.0[0].starts_with(problem), "{key} {subject}: {error}");
        }
        let pairs = [("WEB_PUSH_PRIVATE_KEY", PRIVATE), ("WEB_PUSH_SUBJECT", "mailto:ops@example.org")];
        assert_eq!(read(&pairs).expect("nothing wrong").expect("on").key.public(), PUBLIC);
    }

    #[test]
    fn the_private_half_is_not_printed() {
        let key = VapidKey::read(PRIVATE).expect("a key");
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(PRIVATE).expect("bytes");
        let (shown, first) = (format!("{key:?}"), format!("{}, {}", bytes[0], bytes[1]));
        assert!(
            !shown.contains(PRIVATE) && !shown.contains(&first) && !shown.contains(&hex::encode(&bytes)),
            "{shown}"
        );
    }
}
