//! The parts of a file that is sent to the store directly, and links for them.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::files::Upload;
use shared::ids::FileContentId;
use utoipa::ToSchema;

use super::WriteFiles;
use super::direct::own;
use crate::access::Can;
use crate::app::App;
use crate::http::{ApiError, ApiResult, Body, Db, Path};

/// How long a link to a part is good.
const LINK_LIFETIME: Duration = Duration::from_secs(900);

/// How a file is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) size_bytes: i64,
    pub(super) part_bytes: i64,
}

impl Plan {
    /// Links in one answer.
    pub(super) const LINKS_AT_ONCE: usize = 100;
    /// Parts of a file: so many the store lists in one answer.
    const MOST: i64 = 1_000;
    const MEBIBYTE: i64 = 1024 * 1024;
    const SMALLEST: i64 = 8 * Self::MEBIBYTE;

    /// For a file of so many bytes: parts of eight MiB, or larger ones when there would be too many.
    pub(super) fn for_size(size_bytes: i64) -> Self {
        let needed = size_bytes.div_euclid(Self::MOST).div_euclid(Self::MEBIBYTE).saturating_add(1) * Self::MEBIBYTE;
        Self { size_bytes, part_bytes: needed.max(Self::SMALLEST) }
    }

    /// As it was made when the upload began.
    pub(super) fn of(upload: &Upload) -> Self {
        let size_bytes = upload.promised_bytes.unwrap_or_default();
        Self { size_bytes, part_bytes: upload.part_bytes.unwrap_or(Self::SMALLEST).max(1) }
    }

    /// How many parts there are.
    pub(super) fn count(self) -> i32 {
        let whole = self.size_bytes.div_euclid(self.part_bytes);
        let rest = i64::from(self.size_bytes.rem_euclid(self.part_bytes) > 0);
        i32::try_from(whole + rest).unwrap_or(i32::MAX)
    }

    /// The bytes of a part; none when there is no such part.
    pub(super) fn bytes_of(self, number: i32) -> Option<i64> {
        if !(1..=self.count()).contains(&number) {
            return None;
        }
        let before = i64::from(number - 1) * self.part_bytes;
        Some(self.part_bytes.min(self.size_bytes - before))
    }

    /// Links for these parts; those that are none of the plan's are left out.
    pub(super) async fn links(
        self,
        app: &App,
        upload: &Upload,
        numbers: impl Iterator<Item = i32>,
    ) -> ApiResult<Vec<PartLink>> {
        let name = upload.store_upload.clone().unwrap_or_default();
        let expires_at = app.clock.now() + LINK_LIFETIME;
        let mut links = Vec::new();
        for number in numbers {
            let Some(size_bytes) = self.bytes_of(number) else { continue };
            let url = app.storage.signed_part(&upload.key(), &name, number, size_bytes, LINK_LIFETIME).await?;
            links.push(PartLink { number, size_bytes, url, expires_at });
        }
        Ok(links)
    }
}

/// Where a part is sent by `PUT`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartLink {
    /// From 1.
    number: i32,
    /// Exactly: another `Content-Length` is refused by the store.
    size_bytes: i64,
    url: String,
    expires_at: DateTime<Utc>,
}

/// Which parts.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SignParts {
    #[garde(length(min = 1, max = 100))]
    numbers: Vec<i32>,
}

/// Get links by which parts of one's own upload are sent, good for fifteen minutes.
#[utoipa::path(post, path = "/api/files/uploads/{upload}/parts/", tag = "files",
    params(("upload" = FileContentId, Path)), request_body = SignParts,
    responses((status = OK, body = Vec<PartLink>)))]
pub async fn sign_upload_parts(
    caller: Can<WriteFiles>,
    State(app): State<App>,
    Path(id): Path<FileContentId>,
    db: Db,
    Body(body): Body<SignParts>,
) -> ApiResult<Json<Vec<PartLink>>> {
    let upload = own(&mut *db.conn().await?, &caller, id).await?;
    let plan = Plan::of(&upload);
    if let Some(unknown) = body.numbers.iter().find(|number| plan.bytes_of(**number).is_none()) {
        return Err(ApiError::field(
            "numbers",
            format!("There is no part {unknown}: they go from 1 to {}.", plan.count()),
        ));
    }
    Ok(Json(plan.links(&app, &upload, body.numbers.into_iter()).await?))
}

#[cfg(test)]
mod tests {
    use super::Plan;

    #[test]
    fn the_parts_are_the_file() {
        const MEBIBYTE: i64 = 1024 * 1024;
        for (size, count) in [
            (1, 1),
            (8 * MEBIBYTE, 1),
            (8 * MEBIBYTE + 1, 2),
            (2_048 * MEBIBYTE, 256),
            (8_000 * MEBIBYTE, 889),
            (100_000 * MEBIBYTE, 991),
        ] {
            let plan = Plan::for_size(size);
            assert_eq!(plan.count(), count, "{size}: {plan:?}");
            assert_eq!((1..=count).filter_map(|number| plan.bytes_of(number)).sum::<i64>(), size);
            assert!((1..count).all(|number| plan.bytes_of(number) == Some(plan.part_bytes)), "{size}");
            assert_eq!((plan.bytes_of(0), plan.bytes_of(count + 1)), (None, None));
        }
    }
}
