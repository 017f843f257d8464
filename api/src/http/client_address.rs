//! Where a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::ApiError;
use crate::app::App;

/// The client's address, as far as our own proxies vouch for it: for throttles, and for the list
/// of signed-in devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub String);

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let app = App::from_ref(state);
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let address = address_of(&parts.headers, peer, app.config.trusted_proxies);
        Ok(Self(address.map_or_else(|| "unknown".to_owned(), |address| network_of(address).to_string())))
    }
}

/// Each of our proxies adds the address that it was called from at the end of `X-Forwarded-For`;
/// what stands before those, anybody can write there. With fewer entries than proxies, the request
/// has come past them.
fn address_of(headers: &HeaderMap, peer: Option<IpAddr>, proxies: usize) -> Option<IpAddr> {
    let Some(from_last) = proxies.checked_sub(1) else { return peer };
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    let entries: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    entries.iter().rev().nth(from_last).and_then(|entry| entry.parse().ok()).or(peer)
}

/// A household has a whole /64 of IPv6: its addresses count as one.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_own_proxies_wrote_is_believed() {
        let peer: IpAddr = "10.0.0.1".parse().expect("an address");
        for (header, proxies, address) in [
            (None, 0, "10.0.0.1"),
            (Some("1.1.1.1"), 0, "10.0.0.1"),
            (Some("1.1.1.1"), 1, "1.1.1.1"),
            (Some("6.6.6.6, 1.1.1.1"), 1, "1.1.1.1"),
            (Some("6.6.6.6, 1.1.1.1, 10.0.0.2"), 2, "1.1.1.1"),
            (Some("1.1.1.1"), 2, "10.0.0.1"),
            (Some("nonsense"), 1, "10.0.0.1"),
            (None, 1, "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert("x-forwarded-for", header.parse().expect("a header"));
            }
            let found = address_of(&headers, Some(peer), proxies).expect("an address");
            assert_eq!(found.to_string(), address, "{header:?} behind {proxies}");
        }
    }

    #[test]
    fn addresses_of_one_household_are_one() {
        let network = |text: &str| network_of(text.parse().expect("an address")).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("::ffff:1.2.3.4"), "1.2.3.4");
    }
}
