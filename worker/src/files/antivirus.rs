//! Whatever looks for viruses.

use std::fmt::Debug;

use futures::future::BoxFuture;

/// Looks for viruses.
pub trait Antivirus: Debug + Send + Sync {
    /// The largest content that it looks at, in bytes.
    fn largest(&self) -> i64;

    /// Begins to look at a content.
    fn begin(&self) -> BoxFuture<'_, anyhow::Result<Box<dyn Look>>>;
}

/// A look at one content, which is shown to it piece by piece.
pub trait Look: Send {
    /// The next piece.
    fn show<'a>(&'a mut self, piece: &'a [u8]) -> BoxFuture<'a, anyhow::Result<()>>;

    /// What it has found, after the last piece.
    fn finish(self: Box<Self>) -> BoxFuture<'static, anyhow::Result<Found>>;
}

/// What a look has brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing bad.
    Nothing,
    /// This virus.
    Virus(String),
    /// It is more than the scanner looks at.
    TooLarge,
}
