//! As much of a content as its form is judged by. It is read once and never held whole: what must
//! be read to and fro is put onto the disk meanwhile.

use std::collections::VecDeque;
use std::fs::File;

use sha2::{Digest, Sha256};
use shared::files::{Family, Kind};
use tokio::io::AsyncWriteExt;

/// Of the beginning: where contents say what they are.
const HEAD_BYTES: usize = 64 * 1024;
/// Of the end: the directory of an archive ends within it.
const TAIL_BYTES: usize = 66 * 1024;

/// The file that every scanner takes for a virus and that does nothing; in two pieces, so that this
/// program is not taken for one.
const EICAR: [&str; 2] = ["X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"];
/// What scanners call it.
pub(super) const EICAR_NAME: &str = "Eicar-Test-Signature";

/// What was seen of a content.
pub(super) struct Sample {
    pub(super) size_bytes: i64,
    pub(super) sha256: Vec<u8>,
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
    pub(super) has_eicar: bool,
    /// The whole content, of the kinds that must be read to and fro.
    pub(super) whole: Option<File>,
}

/// Takes a sample while a content passes by.
pub(super) struct Sampler {
    size_bytes: i64,
    hash: Sha256,
    head: Vec<u8>,
    tail: VecDeque<u8>,
    eicar: Finder,
    whole: Option<tokio::fs::File>,
}

impl Sampler {
    pub(super) fn new(kind: &Kind) -> std::io::Result<Self> {
        let is_read_to_and_fro =
            matches!(kind.family, Family::Archive | Family::Office | Family::Picture | Family::Drawing);
        let whole = is_read_to_and_fro.then(tempfile::tempfile).transpose()?;
        Ok(Self {
            size_bytes: 0,
            hash: Sha256::new(),
            head: Vec::new(),
            tail: VecDeque::new(),
            eicar: Finder::default(),
            whole: whole.map(tokio::fs::File::from_std),
        })
    }

    pub(super) async fn take(&mut self, piece: &[u8]) -> anyhow::Result<()> {
        self.size_bytes = self.size_bytes.saturating_add(i64::try_from(piece.len())?);
        self.hash.update(piece);
        self.eicar.take(piece);
        let missing = HEAD_BYTES.saturating_sub(self.head.len());
        self.head.extend(piece.iter().take(missing));
        self.tail.extend(piece.iter().skip(piece.len().saturating_sub(TAIL_BYTES)));
        self.tail.drain(..self.tail.len().saturating_sub(TAIL_BYTES));
        if let Some(whole) = &mut self.whole {
            whole.write_all(piece).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self) -> anyhow::Result<Sample> {
        let whole = match self.whole.take() {
            Some(mut file) => {
                file.flush().await?;
                Some(file.into_std().await)
            }
            None => None,
        };
        Ok(Sample {
            size_bytes: self.size_bytes,
            sha256: self.hash.finalize().to_vec(),
            head: self.head,
            tail: self.tail.into(),
            has_eicar: self.eicar.has_found,
            whole,
        })
    }
}

/// Looks for EICAR's text in what passes by, also where it is cut.
#[derive(Default)]
pub(super) struct Finder {
    carried: Vec<u8>,
    pub(super) has_found: bool,
}

impl Finder {
    pub(super) fn take(&mut self, piece: &[u8]) {
        if self.has_found {
            return;
        }
        let wanted = EICAR.concat();
        let overlap = wanted.len() - 1;
        // The seam first: the end of what came before and the beginning of this.
        self.carried.extend(piece.iter().take(overlap));
        self.has_found = contains(&self.carried, wanted.as_bytes()) || contains(piece, wanted.as_bytes());
        self.carried.extend(piece.iter().skip(overlap.max(piece.len().saturating_sub(overlap))));
        let surplus = self.carried.len().saturating_sub(overlap);
        self.carried.drain(..surplus);
    }
}

/// Whether bytes have other bytes in them.
pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        let (_, from) = rest.split_at(at);
        if from.starts_with(needle) {
            return true;
        }
        rest = from.get(1..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_virus_is_found_wherever_it_is_cut() {
        let text = format!("before {} after", EICAR.concat());
        for size in 1..text.len() {
            let mut finder = Finder::default();
            for piece in text.as_bytes().chunks(size) {
                finder.take(piece);
            }
            assert!(finder.has_found, "in pieces of {size}");
        }
        let mut finder = Finder::default();
        finder.take(text.replace("STANDARD", "STANDARDS").as_bytes());
        assert!(!finder.has_found);
    }
}
