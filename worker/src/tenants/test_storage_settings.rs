//! Whether a tenant's own bucket can be written.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde_json::json;
use shared::outbound::Outbound;
use shared::storage::{Probe, Storage};
use shared::tenants::StorageSettings;
use shared::tenants::jobs::TestStorageSettings;
use url::Url;

use crate::context::Ctx;
use crate::registry::Outcome;

/// Once: what went wrong is the answer, not a reason to try again.
pub async fn test_storage_settings(ctx: Ctx, _: TestStorageSettings) -> Outcome {
    let settings = StorageSettings::of(&mut *ctx.conn().await?, ctx.tenant(), ctx.now()).await?;
    let platform = &ctx.services().platform;
    let said = match settings.bucket(&platform.vault()?) {
        Err(error) => Err(error.to_string()),
        Ok(None) => Err("Set the bucket, the access key's id and its secret first.".to_owned()),
        Ok(Some(bucket)) => {
            let probe = Storage::new(&bucket).probe(&format!("lms-test/{}", ctx.job())).await?;
            try_out(&probe, &platform.outbound).await
        }
    };
    ctx.set_result(match said {
        Ok(()) => json!({ "success": true, "message": "An object was written to the bucket and removed." }),
        Err(message) => json!({ "success": false, "message": message }),
    });
    Ok(())
}

/// Writes and removes. The answers' bodies are not repeated: the other side is not ours.
async fn try_out(probe: &Probe, outbound: &Outbound) -> Result<(), String> {
    let url = Url::parse(&probe.put).map_err(|error| error.to_string())?;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let checked = outbound.check(host, port, &[443]).await.map_err(|refused| refused.to_string())?;
    let client = client_to(checked.addresses).map_err(|error| error.to_string())?;
    let unreachable = |error: reqwest::Error| format!("The store cannot be reached: {}", error.without_url());
    let written = client.put(&probe.put).body("test").send().await.map_err(unreachable)?;
    if !written.status().is_success() {
        return Err(format!("The store answers {} to writing.", written.status()));
    }
    let removed = client.delete(&probe.delete).send().await.map_err(unreachable)?;
    if removed.status().is_success() {
        Ok(())
    } else {
        Err(format!("The store answers {} to removing.", removed.status()))
    }
}

/// A client that goes to these addresses and nowhere else: by no proxy, after no redirect, and
/// without asking again whose the name is.
fn client_to(addresses: Vec<SocketAddr>) -> reqwest::Result<reqwest::Client> {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .dns_resolver(Arc::new(Pinned(addresses)))
        .build()
}

/// Answers with the addresses that were looked at, however the name is spelt: `host.` is `host`.
struct Pinned(Vec<SocketAddr>);

impl Resolve for Pinned {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::client_to;

    /// Answers each request by sending it on.
    async fn redirecting_to(elsewhere: &str) -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let answer =
            format!("HTTP/1.1 302 Found\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        let served = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut buffer = [0; 4096];
                let _ = stream.read(&mut buffer).await;
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (address, served)
    }

    #[tokio::test]
    async fn a_name_is_not_asked_for_a_second_time_and_a_redirect_is_not_followed() {
        let canary = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let inside = canary.local_addr().expect("an address");
        let (address, served) = redirecting_to(&format!("http://{inside}/")).await;
        let client = client_to(vec![address]).expect("a client");
        // Nobody has these names: whoever asks for them gets no answer.
        for name in ["store.invalid", "store.invalid.", "STORE.invalid"] {
            let answer = client.put(format!("http://{name}:{}/key", address.port())).send().await.expect(name);
            assert_eq!(answer.status(), 302, "{name}");
        }
        served.abort();
        let knocked = tokio::time::timeout(std::time::Duration::from_millis(50), canary.accept()).await;
        assert!(knocked.is_err(), "the redirect was followed");
    }
}
