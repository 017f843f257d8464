//! The key pair with which a tenant's courses answer a learning platform.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair as Rsa, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use secrecy::SecretString;
use serde::Serialize;
use sha2::{Digest, Sha256};

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
    /// The key's own thumbprint (RFC 7638): another key has another name, and nobody has to remember it.
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
    /// The public key of `pem`; none when it is no RSA key.
    pub fn of(pem: &str) -> Option<Self> {
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
        let (n, e) = (number(n), number(e));
        let kid = thumbprint(&n, &e);
        Some(Self { kty: "RSA", alg: "RS256", usage: "sig", kid, n, e })
    }
}

/// SHA-256 of what makes the key, in this very form.
fn thumbprint(n: &str, e: &str) -> String {
    let members = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(members))
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
        let jwk = Jwk::of(&pair.public_key).expect("a key");
        assert_eq!((jwk.e.as_str(), BASE64_URL_SAFE_NO_PAD.decode(&jwk.n).expect("base64").len()), ("AQAB", 256));
        assert_eq!(jwk.kid, thumbprint(&jwk.n, &jwk.e));
        for pem in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n", "x", &pair.public_key[..200]] {
            assert_eq!(Jwk::of(pem), None, "{pem}");
        }
    }

    #[test]
    fn a_key_is_named_as_rfc_7638_says() {
        // The example of its section 3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
            tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n9\
            1CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        assert_eq!(thumbprint(n, "AQAB"), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }
}
