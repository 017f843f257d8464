//! How large a picture is when it is unpacked: a small file can be an enormous one.

use std::fs::File;
use std::io::{BufReader, Seek};

use image::ImageReader;

use super::Refusal;
use crate::files::thumbnail::MOST_PIXELS;

/// Width and height, which are read from its beginning.
pub(super) fn dimensions(mut file: File) -> Result<(i32, i32), Refusal> {
    let unreadable = || "It cannot be read as a picture.".to_owned();
    file.rewind().map_err(|_| unreadable())?;
    let reader = ImageReader::new(BufReader::new(file)).with_guessed_format().map_err(|_| unreadable())?;
    let (width, height) = reader.into_dimensions().map_err(|_| unreadable())?;
    let pixels = u64::from(width) * u64::from(height);
    match (i32::try_from(width), i32::try_from(height)) {
        (Ok(width), Ok(height)) if pixels > 0 && pixels <= MOST_PIXELS => Ok((width, height)),
        _ => Err(format!("It has more than {} million pixels.", MOST_PIXELS / 1_000_000)),
    }
}
