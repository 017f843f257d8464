//! Calls to where a customer says: a mail server, an object store, a model's address. Whoever may
//! name an address must not reach through us what only we can reach.
//!
//! A name is resolved once, every address that it has is looked at, and the connection is made to
//! one of those, never to a name again: a name that resolves to another address a moment later
//! ("rebinding") changes nothing.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use url::Host;

/// Where a customer's calls may go.
#[derive(Debug, Clone, Default)]
pub struct Outbound {
    allowed: Vec<Exception>,
}

/// `host` or `host:port` that is let through although it is not public: for development and tests,
/// and for a platform whose mail server stands beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Exception {
    host: String,
    port: Option<u16>,
}

/// What the exceptions cannot be read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a host nor a host:port")]
pub struct NotAnException(String);

impl FromStr for Outbound {
    type Err = NotAnException;

    /// A list with commas: `localhost:1025, 127.0.0.1`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let allowed = parts.map(|part| Exception::read(part).ok_or_else(|| NotAnException(part.to_owned())));
        Ok(Self { allowed: allowed.collect::<Result<_, _>>()? })
    }
}

impl Exception {
    fn read(text: &str) -> Option<Self> {
        let url = url::Url::parse(&format!("any://{text}")).ok()?;
        let is_bare = url.path().is_empty() && url.username().is_empty() && url.query().is_none();
        let host = Host::parse(url.host_str().filter(|_| is_bare)?).ok()?.to_string();
        Some(Self { host, port: url.port() })
    }

    fn covers(&self, host: &str, port: u16) -> bool {
        self.host == host && self.port.is_none_or(|own| own == port)
    }
}

/// A place that may be called: connect to one of `addresses`, and expect `host` in its certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// As certificates and `Host` headers name it.
    pub host: String,
    /// Never empty; resolved and looked at.
    pub addresses: Vec<SocketAddr>,
}

/// Why a place may not be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Not a host.
    #[error("This is not a host name or an address.")]
    NotAHost,
    /// Another port than such services have.
    #[error("Port {0} is not one that may be called.")]
    Port(u16),
    /// The name is nobody's.
    #[error("The host name cannot be resolved.")]
    Unresolved,
    /// One of its addresses is not in the public internet.
    #[error("The host is not in the public internet.")]
    NotPublic,
}

impl Outbound {
    /// Resolves `host` and looks at every address that it has. `ports` are those that the service
    /// in question may have.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn check(&self, host: &str, port: u16, ports: &[u16]) -> Result<Checked, Refused> {
        let host = canonical(host).ok_or(Refused::NotAHost)?;
        let name = host.to_string();
        let is_exception = self.allowed.iter().any(|exception| exception.covers(&name, port));
        if !is_exception && !ports.contains(&port) {
            return Err(Refused::Port(port));
        }
        let addresses: Vec<SocketAddr> = match &host {
            Host::Ipv4(address) => vec![(IpAddr::V4(*address), port).into()],
            Host::Ipv6(address) => vec![(IpAddr::V6(*address), port).into()],
            Host::Domain(name) => {
                let found = tokio::net::lookup_host((name.as_str(), port)).await.map_err(|_| Refused::Unresolved)?;
                found.collect()
            }
        };
        if addresses.is_empty() {
            return Err(Refused::Unresolved);
        }
        // All, not one: which of them is called is not ours to choose in the end.
        if !is_exception && !addresses.iter().all(|address| is_public(address.ip())) {
            return Err(Refused::NotPublic);
        }
        Ok(Checked { host: name.trim_matches(['[', ']']).to_owned(), addresses })
    }
}

impl Checked {
    /// The address to connect to.
    pub fn address(&self) -> Option<SocketAddr> {
        self.addresses.first().copied()
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)
    }
}

/// A host as browsers read it: `0x7f.1`, `2130706433` and `127.1` are all 127.0.0.1.
fn canonical(host: &str) -> Option<Host> {
    let host = host.trim_end_matches('.');
    let is_plain = !host.is_empty() && !host.contains(['/', '@', '?', '#', '\\', '%', ' ']);
    if host.contains(':') && !host.starts_with('[') {
        return host.parse::<Ipv6Addr>().ok().map(Host::Ipv6);
    }
    Host::parse(host).ok().filter(|_| is_plain)
}

/// Whether an address is somebody's in the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// By IANA's registry of special-purpose addresses.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let is_special = matches!(
        (a, b, c),
        // This network, private ones, the machine itself, multicast and what is reserved.
        (0 | 10 | 127 | 224.., ..) | (172, 16..=31, _) | (192, 168, _)
            // Behind a carrier's address translation; link-local, which has the metadata of clouds.
            | (100, 64..=127, _) | (169, 254, _)
            // Protocol assignments, documentation, relays of 6to4, benchmarks.
            | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113)
            // Anycast of the AS112 project and others that nobody serves from.
            | (192, 31, 196) | (192, 52, 193) | (192, 175, 48)
    );
    // The metadata of a cloud at an address that looks public.
    let is_metadata = (a, b, c, d) == (168, 63, 129, 16);
    !is_special && !is_metadata
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, ..] = address.segments();
    let is_special = matches!(
        (a, b),
        // Tunnelled, where what they lead to need not be public; protocol assignments, benchmarks,
        // ORCHID and documentation.
        (0x2002, _) | (0x2001, 0x0000..=0x01ff | 0x0db8) | (0x3fff, 0x0000..=0x0fff)
    );
    // Only this has been given out to the public. Translated, unique-local, link-local and multicast
    // addresses are not in it, nor is the machine itself.
    matches!(a, 0x2000..=0x3fff) && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: &[u16] = &[443];

    /// Spellings of addresses that only we can reach.
    const INSIDE: &[&str] = &[
        // The machine itself.
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "127.255.255.254",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0x7F.0x0.0x0.0x1",
        "127.0.0.1.",
        "[::1]",
        "::1",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "0.0.0.0",
        "0",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "１２７.0.0.1",
        "127。0。0。1",
        // Private networks.
        "10.0.0.1",
        "10.255.255.255",
        "167772161",
        "012.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "0xc0a80001",
        "3232235521",
        "192.168.1",
        "[fc00::1]",
        "[fd12:3456:789a::1]",
        "[fec0::1]",
        // Link-local and the metadata of clouds.
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "169.254.0.1",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "168.63.129.16",
        "100.100.100.200",
        // Behind a carrier.
        "100.64.0.1",
        "100.127.255.255",
        // Multicast, broadcast, reserved.
        "224.0.0.1",
        "239.255.255.250",
        "255.255.255.255",
        "240.0.0.1",
        "[ff02::1]",
        // Documentation, benchmarks, protocol assignments.
        "192.0.2.1",
        "198.51.100.1",
        "203.0.113.1",
        "198.18.0.1",
        "192.0.0.192",
        "192.88.99.1",
        "[2001:db8::1]",
        "[2001:2::1]",
        "[3fff::1]",
        // IPv4 in IPv6.
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:10.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::1]",
        "[2002:7f00:1::]",
        "[2002:a9fe:a9fe::1]",
        "[2001:0:4136:e378::1]",
        "[::ffff:0:127.0.0.1]",
    ];

    #[tokio::test]
    async fn nothing_that_is_not_public_is_reached_however_it_is_spelt() {
        let outbound = Outbound::default();
        for host in INSIDE {
            assert_eq!(outbound.check(host, 443, PORTS).await, Err(Refused::NotPublic), "{host}");
        }
    }

    #[tokio::test]
    async fn what_is_no_host_is_refused_before_anybody_is_asked() {
        let outbound = Outbound::default();
        for host in [
            "",
            ".",
            " ",
            "a b",
            "http://a.test",
            "user@127.0.0.1",
            "a.test/x",
            "a.test?x",
            "a.test#x",
            "a\\b",
            "%31",
            "[::1",
            "::1]",
            "1.2.3.4.5",
            "256.256.256.256",
            "0x1ffffffff",
            "a:443",
            "[fe80::1%25eth0]",
            "a\0b",
            "a\r\nb",
        ] {
            assert_eq!(outbound.check(host, 443, PORTS).await, Err(Refused::NotAHost), "{host:?}");
        }
    }

    #[tokio::test]
    async fn a_public_address_is_let_through_at_the_services_ports_only() {
        let outbound = Outbound::default();
        for host in ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "[2606:4700:4700::1111]"] {
            let checked = outbound.check(host, 443, PORTS).await.expect(host);
            assert_eq!(checked.addresses.len(), 1);
            for port in [22, 25, 80, 5432, 6379, 0] {
                assert_eq!(outbound.check(host, port, PORTS).await, Err(Refused::Port(port)), "{host}:{port}");
            }
        }
    }

    #[tokio::test]
    async fn an_exception_is_for_its_host_and_port() {
        let outbound: Outbound = "localhost:1025, 127.0.0.1:9000,10.0.0.7".parse().expect("a list");
        for (host, port, is_allowed) in [
            ("localhost", 1025, true),
            ("LOCALHOST", 1025, true),
            ("localhost", 443, false),
            ("127.1", 9000, true),
            ("127.0.0.1", 1025, false),
            ("10.0.0.7", 5432, true),
            ("10.0.0.8", 443, false),
        ] {
            assert_eq!(outbound.check(host, port, PORTS).await.is_ok(), is_allowed, "{host}:{port}");
        }
        for text in ["http://a", "a b", "a/b", "u@a", "a:99999"] {
            assert!(text.parse::<Outbound>().is_err(), "{text}");
        }
    }
}
