use std::time::{Duration, Instant};

use devtools::proxy::Proxy;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::ANYWHERE;

/// A server that says everything back, and a proxy before it.
async fn echo() -> Proxy {
    let listener = TcpListener::bind(ANYWHERE).await.unwrap();
    let target = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    Proxy::start(target).await.unwrap()
}

async fn ask(stream: &mut TcpStream) -> std::io::Result<[u8; 4]> {
    stream.write_all(b"ping").await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn what_is_sent_arrives_and_arrives_late_when_the_way_is_slow() {
    let proxy = echo().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    assert_eq!(&ask(&mut stream).await.unwrap(), b"ping");
    proxy.delay(Duration::from_millis(100));
    let begun = Instant::now();
    assert_eq!(&ask(&mut stream).await.unwrap(), b"ping");
    assert!(begun.elapsed() >= Duration::from_millis(200), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_stalled_way_says_nothing_and_then_everything() {
    let proxy = echo().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    ask(&mut stream).await.unwrap();
    proxy.stall();
    stream.write_all(b"ping").await.unwrap();
    let mut answer = [0; 4];
    let waited = tokio::time::timeout(Duration::from_millis(200), stream.read_exact(&mut answer)).await;
    assert!(waited.is_err(), "something came through");
    proxy.flow();
    // The read that was broken off has taken nothing.
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"ping");
}

#[tokio::test]
async fn connections_are_reset_at_once_or_one_in_so_many_pieces() {
    let proxy = echo().await;
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    ask(&mut stream).await.unwrap();
    assert_eq!(proxy.reset(), 1);
    let error = stream.read_u8().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);

    proxy.break_each(7);
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let mut rounds = 0;
    while ask(&mut stream).await.is_ok() {
        rounds += 1;
        assert!(rounds < 7, "nothing breaks");
    }
    assert_eq!(proxy.broken(), 2);
}
