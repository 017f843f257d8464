//! From where a request came.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::ApiError;
use crate::app::App;

/// The client's address, as far as our own proxies vouch for it: for throttles and for the list of
/// signed-in devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAddress(pub String);

impl<S> FromRequestParts<S> for ClientAddress
where
    S: Send + Sync,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        let proxies = App::from_ref(state).config.trusted_proxies;
        let address = forwarded(&parts.headers, proxies).or(peer);
        Ok(Self(address.map_or_else(|| "unknown".to_owned(), shortened)))
    }
}

/// What the outermost of our proxies has seen: each adds one address at the end, and whatever
/// stands before those was written by the client.
fn forwarded(headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let addresses: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    let index = addresses.len().checked_sub(proxies)?;
    addresses.get(index)?.parse().ok()
}

/// Who has IPv6 has a whole network of it, and could come from another address each time.
fn shortened(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.to_string(),
            None => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_own_proxies_say_is_believed() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "6.6.6.6, 203.0.113.7".parse().expect("a header"));
        headers.append("x-forwarded-for", "10.0.0.2".parse().expect("a header"));
        let ip = |text: &str| text.parse::<IpAddr>().ok();
        assert_eq!(forwarded(&headers, 0), None);
        assert_eq!(forwarded(&headers, 1), ip("10.0.0.2"));
        assert_eq!(forwarded(&headers, 2), ip("203.0.113.7"));
        assert_eq!(forwarded(&headers, 4), None);
        assert_eq!(forwarded(&HeaderMap::new(), 1), None);
    }

    #[test]
    fn addresses_of_one_network_are_one_client() {
        let short = |text: &str| shortened(text.parse().expect("an address"));
        assert_eq!(short("2001:db8:1:2:3:4:5:6"), short("2001:db8:1:2:ffff::1"));
        assert_ne!(short("2001:db8:1:2::1"), short("2001:db8:1:3::1"));
        assert_eq!(short("::ffff:203.0.113.7"), "203.0.113.7");
    }
}
