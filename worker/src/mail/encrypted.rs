//! How the conversation with a mail server is kept from others.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lettre::transport::smtp::client::{AsyncTokioStream, TlsParameters};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use super::smtp::MailSecurity;

/// [`MailSecurity`], with what it takes.
pub(super) enum Protection {
    None,
    StartTls(TlsParameters),
    Tls { connector: TlsConnector, certificate: ServerName<'static> },
}

impl Protection {
    /// `certificate` is whose certificate the server must show.
    ///
    /// # Errors
    /// The name cannot stand in a certificate.
    pub(super) fn of(security: MailSecurity, certificate: String) -> anyhow::Result<Self> {
        Ok(match security {
            MailSecurity::None => Self::None,
            MailSecurity::StartTls => Self::StartTls(TlsParameters::new(certificate)?),
            MailSecurity::Tls => Self::Tls {
                connector: TlsConnector::from(Arc::new(shared::tls::client()?)),
                certificate: ServerName::try_from(certificate)?,
            },
        })
    }
}

/// A connection under TLS from the first byte. lettre would open one itself, and leave its last
/// lines to the system's delay.
#[derive(Debug)]
pub(super) struct Encrypted(TlsStream<TcpStream>);

impl Encrypted {
    /// Shakes hands on a fresh connection.
    pub(super) async fn over(
        stream: TcpStream,
        connector: &TlsConnector,
        certificate: ServerName<'static>,
    ) -> io::Result<Self> {
        connector.connect(certificate, stream).await.map(Self)
    }
}

impl AsyncTokioStream for Encrypted {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().0.peer_addr()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(task, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(task, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(task)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, SocketAddr};
    use std::time::{Duration, Instant};

    use devtools::mail::MailSink;
    use rcgen::CertifiedKey;
    use shared::mail::RenderedMail;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;
    use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};

    use super::super::connections::{Connections, Server};
    use super::super::smtp::{MailError, Mailer};
    use super::*;

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    /// A mail server under TLS, as `localhost`; and its certificate.
    async fn encrypted_sink() -> (MailSink, SocketAddr, CertificateDer<'static>) {
        let sink = MailSink::start(LOOPBACK, None).await.expect("a sink");
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let _ = shared::tls::client().expect("a provider is installed");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .expect("they belong together");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(LOOPBACK).await.expect("a port");
        let (address, behind) = (listener.local_addr().expect("its address"), sink.address());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut stream = acceptor.accept(stream).await?;
                    let mut plain = TcpStream::connect(behind).await?;
                    plain.set_nodelay(true)?;
                    tokio::io::copy_bidirectional(&mut stream, &mut plain).await
                });
            }
        });
        (sink, address, cert.der().clone())
    }

    /// Sends by `address`, and trusts `trusted`.
    fn mailer(address: SocketAddr, trusted: CertificateDer<'static>, name: &'static str) -> Mailer {
        let mut roots = RootCertStore::empty();
        roots.add(trusted).expect("a certificate");
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let certificate = ServerName::try_from(name).expect("a name");
        let server = Server {
            address: address.ip().to_string(),
            port: address.port(),
            protection: Protection::Tls { connector: TlsConnector::from(Arc::new(config)), certificate },
            credentials: None,
            hello: lettre::transport::smtp::extension::ClientId::default(),
            timeout: Duration::from_secs(5),
        };
        let from = "LMS <lms@example.org>".parse().expect("an address");
        Mailer::over(Connections::to(server).expect("connections"), from)
    }

    fn mail() -> RenderedMail {
        RenderedMail { subject: "Hello".to_owned(), text: "Hello\n".to_owned(), html: "<p>Hello</p>".to_owned() }
    }

    #[tokio::test]
    async fn the_end_of_a_mail_is_not_held_back_under_tls_either() {
        let (sink, address, certificate) = encrypted_sink().await;
        let mailer = mailer(address, certificate, "localhost");
        let mut took = Vec::new();
        // As for a connection without TLS: held back, each takes the 40 ms of a late acknowledgement.
        while !took.iter().skip(25).any(|it| *it < Duration::from_millis(30)) {
            assert!(took.len() < 200, "{took:?}");
            let begun = Instant::now();
            mailer.send(&mail(), "alice@example.org", &took.len().to_string()).await.expect("sent");
            took.push(begun.elapsed());
        }
        assert_eq!(sink.messages().len(), took.len());
    }

    #[tokio::test]
    async fn no_mail_goes_to_a_server_that_cannot_show_its_name() {
        let (sink, address, certificate) = encrypted_sink().await;
        let elsewhere = mailer(address, certificate, "mail.example.org");
        let outcome = elsewhere.send(&mail(), "alice@example.org", "k").await;
        let Err(MailError::Later(error)) = outcome else { panic!("{outcome:?}") };
        assert!(format!("{error:#}").contains("certificate"), "{error:#}");

        // A stranger's word for itself is not enough for whoever trusts whom the system trusts.
        let protection = Protection::of(MailSecurity::Tls, "localhost".to_owned()).expect("a name");
        let Protection::Tls { connector, certificate } = protection else { panic!("TLS was asked for") };
        let stream = TcpStream::connect(address).await.expect("it listens");
        let refused = Encrypted::over(stream, &connector, certificate).await.expect_err("nobody vouches for it");
        assert!(refused.to_string().contains("certificate"), "{refused}");
        assert!(sink.messages().is_empty());
    }
}
