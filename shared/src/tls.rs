//! TLS to servers that are not ours.

use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls_platform_verifier::ConfigVerifierExt;

/// A client that trusts whom the system trusts.
///
/// # Errors
/// The system's certificates cannot be used.
pub fn client() -> Result<ClientConfig, rustls::Error> {
    // Whoever was first has installed it.
    let _ = CryptoProvider::install_default(aws_lc_rs::default_provider());
    ClientConfig::with_platform_verifier()
}
