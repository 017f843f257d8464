//! Whether a tenant's own bucket can be written.

use std::time::Duration;

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
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(10))
        .resolve_to_addrs(&checked.host, &checked.addresses)
        .build()
        .map_err(|error| error.to_string())?;
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
