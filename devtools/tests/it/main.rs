//! Each server, as a real client of its protocol finds it.

#![allow(
    clippy::allow_attributes,
    clippy::as_conversions,
    clippy::case_sensitive_file_extension_comparisons,
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that does not get what it needs ends, and says so"
)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod inbox;
mod mail;
mod openai;
mod proxy;
mod s3;

use std::net::{Ipv4Addr, SocketAddr};

/// Any free port of the loopback address.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
