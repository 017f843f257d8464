//! Randomness, hashes and seals: one place, so that one place has to be right.

mod reseal;
mod sealed;
mod token;

pub use reseal::{Resealed, SEALED_COLUMNS, SealedColumn, reseal};
pub use sealed::{CannotOpen, Place, Sealed, Vault};
pub use token::{TokenSeal, random_token, short_hash, token_hash};
