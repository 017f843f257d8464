//! A look at what was uploaded, before anybody gets it: is it what its name says, is it harmful?

mod archive;
mod drawing;
mod form;
mod picture;
mod sample;

use anyhow::Context;
use shared::files::jobs::ScanContent;
use shared::files::{Content, FileStatus, Finding, Verdict};

use self::sample::{Sample, Sampler};
use super::antivirus::Found;
use crate::context::Ctx;
use crate::registry::Outcome;

/// Why a content does not pass, in a sentence for whoever uploaded it.
type Refusal = String;

/// At least once: what is found is written down by whoever comes first, and a content never changes.
/// Nothing passes because the scanner is away: the job is tried again.
pub async fn scan(ctx: Ctx, job: ScanContent) -> Outcome {
    let Some(content) = Content::find(&mut *ctx.conn().await?, ctx.tenant(), job.content_id).await? else {
        return Ok(()); // Deleted meanwhile.
    };
    if content.status != FileStatus::Processing || content.discarded_at.is_some() {
        return Ok(());
    }
    let finding = look_at(&ctx, &content).await?;
    tracing::info!(content.id = %content.id, verdict = ?finding.verdict, "Looked at a file");
    content.settle(&mut *ctx.conn().await?, &finding, ctx.now()).await?;
    Ok(())
}

/// Reads it once, from beginning to end, and shows it to all who want to see.
async fn look_at(ctx: &Ctx, content: &Content) -> anyhow::Result<Finding> {
    let services = ctx.services();
    let refused = |sha256, why: &str| Finding { verdict: Verdict::Refused(why.to_owned()), sha256, dimensions: None };
    let Some(mut pieces) = services.storage.read(&content.key()).await? else {
        return Ok(refused(Vec::new(), "It is not in the store."));
    };
    let kind = content.kind().context("a content of no kind")?;
    let antivirus = services.antivirus.as_ref();
    let mut look = match antivirus.filter(|antivirus| content.size_bytes <= antivirus.largest()) {
        Some(antivirus) => Some(antivirus.begin().await?),
        None => None,
    };
    let mut sampler = Sampler::new(kind)?;
    while let Some(piece) = pieces.next().await? {
        sampler.take(&piece).await?;
        if let Some(look) = &mut look {
            look.show(&piece).await?;
        }
    }
    let found = match look {
        Some(look) => Some(look.finish().await?),
        None => None,
    };
    let sample = sampler.finish().await?;
    let sha256 = sample.sha256.clone();
    if sample.size_bytes != content.size_bytes {
        return Ok(refused(sha256, "It did not arrive whole."));
    }
    if content.sha256.as_ref().is_some_and(|promised| *promised != sha256) {
        return Ok(refused(sha256, "Its SHA-256 is not the one that was announced."));
    }
    let formed = tokio::task::spawn_blocking(move || judge(sample, kind)).await?;
    let unscanned =
        if antivirus.is_some() { "It is larger than the virus scanner takes." } else { "No virus scanner is set up." };
    let verdict = match (found, &formed) {
        (Some(Found::Virus(name)), _) => Verdict::Infected(name),
        (_, Err(Seen::Virus)) => Verdict::Infected(sample::EICAR_NAME.to_owned()),
        (_, Err(Seen::Wrong(why))) => Verdict::Refused(why.clone()),
        (Some(Found::Nothing), Ok(_)) => Verdict::Clean,
        (Some(Found::TooLarge) | None, Ok(_)) => Verdict::Unscanned(unscanned),
    };
    Ok(Finding { verdict, sha256, dimensions: formed.unwrap_or_default() })
}

/// What speaks against a content.
enum Seen {
    /// The harmless one that scanners are tested with.
    Virus,
    /// It has another form than it should.
    Wrong(Refusal),
}

/// Looks at its form; returns the dimensions of a picture.
fn judge(sample: Sample, kind: &'static shared::files::Kind) -> Result<Option<(i32, i32)>, Seen> {
    if sample.has_eicar {
        return Err(Seen::Virus);
    }
    form::is_of(kind, &sample).map_err(Seen::Wrong)?;
    form::hides_nothing(kind, &sample).map_err(Seen::Wrong)?;
    form::inside(kind, sample)
}
