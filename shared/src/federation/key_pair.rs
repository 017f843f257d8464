//! The key pair with which a tenant's courses answer a learning platform.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as Rsa, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde::Serialize;

/// A new key pair, as PEM.
#[derive(Debug)]
pub struct KeyPair {
    /// PKCS #8.
    pub private_key: SecretString,
    /// X.509 SubjectPublicKeyInfo.
    pub public_key: String,
}

/// A public key as RFC 7517 has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Jwk {
    pub kty: &'static str,
    pub alg: &'static str,
    #[serde(rename = "use")]
    pub usage: &'static str,
    pub kid: String,
    pub n: String,
    pub e: String,
}

impl KeyPair {
    /// RSA, 2048 bits. Takes a while: not on a thread that others wait for.
    ///
    /// # Errors
    /// The cryptographic library refuses to work, which it never says in practice.
    pub fn generate() -> anyhow::Result<Self> {
        let refused = |_| anyhow::anyhow!("no key pair can be made");
        let pair = Rsa::generate(KeySize::Rsa2048).map_err(refused)?;
        let private = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(refused)?;
        let public = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).map_err(refused)?;
        Ok(Self {
            private_key: SecretString::from(pem("PRIVATE KEY", private.as_ref())),
            public_key: pem("PUBLIC KEY", public.as_ref()),
        })
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        lines.push(line.to_owned());
        rest = more;
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}

impl Jwk {
    /// The public key of `pem` under the name `kid`; none when it is no RSA key.
    pub fn of(kid: String, pem: &str) -> Option<Self> {
        let text: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = BASE64_STANDARD.decode(text).ok()?;
        // SEQUENCE { algorithm, BIT STRING { SEQUENCE { INTEGER n, INTEGER e } } }
        let (outer, _) = value(0x30, &der)?;
        let (_, rest) = value(0x30, outer)?;
        let (bits, _) = value(0x03, rest)?;
        let (pair, _) = value(0x30, bits.strip_prefix(&[0])?)?;
        let (n, rest) = value(0x02, pair)?;
        let (e, _) = value(0x02, rest)?;
        let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes.strip_prefix(&[0]).unwrap_or(bytes));
        Some(Self { kty: "RSA", alg: "RS256", usage: "sig", kid, n: number(n), e: number(e) })
    }
}

/// The content of the DER value with this tag at the beginning of `der`, and what follows it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (found, rest) = der.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = if *short < 0x80 {
        (usize::from(*short), rest)
    } else {
        let (bytes, rest) = rest.split_at_checked(usize::from(short & 0x7f))?;
        (bytes.iter().try_fold(0_usize, |length, byte| length.checked_mul(256)?.checked_add(usize::from(*byte)))?, rest)
    };
    if *found == tag { rest.split_at_checked(length) } else { None }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_pair_is_pem_and_its_public_key_a_jwk() {
        let pair = KeyPair::generate().expect("a pair");
        assert!(pair.private_key.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----\n"));
        let jwk = Jwk::of("one".to_owned(), &pair.public_key).expect("a key");
        assert_eq!((jwk.e.as_str(), BASE64_URL_SAFE_NO_PAD.decode(&jwk.n).expect("base64").len()), ("AQAB", 256));
        for pem in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n", "x", &pair.public_key[..200]] {
            assert_eq!(Jwk::of("one".to_owned(), pem), None, "{pem}");
        }
    }
}
