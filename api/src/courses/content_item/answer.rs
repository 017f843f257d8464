//! Items as they are answered.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use shared::courses::{ContentItem, ContentType, SeenItem};
use shared::files::{FileRow, FileStatus};
use shared::ids::{ContentItemId, FileId, ModuleId};
use utoipa::ToSchema;

use crate::courses::access::ReasonOut;

/// A text, a video, a link… of a module.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ContentItem)]
pub struct ContentItemOut {
    id: ContentItemId,
    module: ModuleId,
    #[schema(example = "Understanding Decorators")]
    title: String,
    /// Its place in the module.
    #[schema(example = 1)]
    order: i32,
    #[schema(inline)]
    content_type: ContentType,
    #[schema(example = "Text")]
    content_type_display: &'static str,
    /// Markdown, or HTML of which only formatting is kept.
    #[schema(example = "# Decorators\n\nDecorators are...")]
    text_content: Option<String>,
    external_url: Option<String>,
    /// What a player shows: the item's own file, else what lies elsewhere.
    file: Option<ItemFileOut>,
    #[schema(value_type = Object)]
    metadata: Value,
    is_published: bool,
    /// Counts towards completion while it is published.
    is_required: bool,
    /// It opens then for those who take part.
    release_at: Option<DateTime<Utc>>,
    /// It opens so many days after the learner began to take part.
    release_after_days: Option<i32>,
    /// It closes then.
    available_until: Option<DateTime<Utc>>,
    /// Whether text, links, file and metadata are kept back.
    is_locked: bool,
    /// Why.
    reasons: Vec<ReasonOut>,
    /// For `If-Match`.
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A file of an item.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ItemFile)]
pub struct ItemFileOut {
    /// Null for what lies elsewhere.
    id: Option<FileId>,
    #[schema(example = "decorators.mp4")]
    original_filename: String,
    /// Of what lies elsewhere, its address. Of a file of this server, where a link to it is had, once
    /// it is available.
    #[schema(example = "/api/files/0192f3a4-1111-7000-8000-000000000001/download/")]
    file_url: Option<String>,
    /// In bytes; null for what lies elsewhere.
    file_size: Option<i64>,
    #[schema(example = "video/mp4")]
    mime_type: String,
    /// What lies elsewhere is taken to be there.
    #[schema(inline)]
    status: FileStatus,
}

impl From<FileRow> for ItemFileOut {
    fn from(FileRow { file, content, uploaded_by_email: _ }: FileRow) -> Self {
        let is_there = content.status == FileStatus::Available;
        Self {
            id: Some(file.id),
            original_filename: file.filename,
            file_url: is_there.then(|| format!("/api/files/{}/download/", file.id)),
            file_size: Some(content.size_bytes),
            mime_type: content.media_type,
            status: content.status,
        }
    }
}

impl ItemFileOut {
    /// Players look for a file only, so what lies elsewhere is shown as one.
    fn elsewhere(kind: ContentType, url: &str) -> Option<Self> {
        let usual = match kind {
            ContentType::Video => "video/mp4",
            ContentType::Audio => "audio/mpeg",
            ContentType::Image => "image/jpeg",
            ContentType::Document => "application/pdf",
            ContentType::Text | ContentType::Url | ContentType::H5p | ContentType::Scorm | ContentType::Quiz => {
                return None;
            }
        };
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = path.rsplit('/').next().unwrap_or_default();
        let mime_type = match name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "webm" if kind == ContentType::Video => "video/webm",
            "ogg" if kind == ContentType::Audio => "audio/ogg",
            "wav" if kind == ContentType::Audio => "audio/wav",
            "png" if kind == ContentType::Image => "image/png",
            "gif" if kind == ContentType::Image => "image/gif",
            "svg" if kind == ContentType::Image => "image/svg+xml",
            "webp" if kind == ContentType::Image => "image/webp",
            _ => usual,
        };
        Some(Self {
            id: None,
            original_filename: name.to_owned(),
            file_url: Some(url.to_owned()),
            file_size: None,
            mime_type: mime_type.to_owned(),
            status: FileStatus::Available,
        })
    }
}

impl From<SeenItem> for ContentItemOut {
    fn from(seen: SeenItem) -> Self {
        let (item, file, decision) = seen.into_parts();
        let elsewhere = || ItemFileOut::elsewhere(item.content_type, item.external_url.as_deref()?);
        let file = file.map(ItemFileOut::from).or_else(elsewhere);
        let ContentItem {
            id,
            tenant_id: _,
            course_id: _,
            module_id,
            title,
            content_type,
            position,
            text_content,
            external_url,
            metadata,
            is_published,
            is_required,
            version,
            created_at,
            updated_at,
            release_at,
            release_after_days,
            available_until,
            first_published_at: _,
        } = item;
        Self {
            id,
            module: module_id,
            title,
            order: position,
            content_type,
            content_type_display: display(content_type),
            text_content,
            file,
            external_url,
            metadata,
            is_published,
            is_required,
            release_at,
            release_after_days,
            available_until,
            is_locked: !decision.is_allowed(),
            reasons: ReasonOut::all(decision),
            version,
            created_at,
            updated_at,
        }
    }
}

/// The kind of an item, for people.
pub(crate) const fn display(kind: ContentType) -> &'static str {
    match kind {
        ContentType::Text => "Text",
        ContentType::Document => "Document",
        ContentType::Image => "Image",
        ContentType::Video => "Video",
        ContentType::Audio => "Audio",
        ContentType::Url => "External URL",
        ContentType::H5p => "H5P",
        ContentType::Scorm => "SCORM",
        ContentType::Quiz => "Quiz",
    }
}
