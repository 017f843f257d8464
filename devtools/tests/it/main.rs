//! Each server, as a real client of its protocol finds it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod inbox;
mod mail;
mod openai;
mod s3;

use std::net::{Ipv4Addr, SocketAddr};

/// Any free port of the loopback address.
const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
