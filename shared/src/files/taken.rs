//! What a tenant takes: its own settings, within what the platform takes.

use super::{Kind, NameError, checked_name};
use crate::db::{Conn, Error};
use crate::ids::TenantId;
use crate::tenants::StorageSettings;

/// The files that a tenant takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The largest.
    pub max_bytes: i64,
    /// With commas; empty for all that the platform takes.
    extensions: String,
}

impl Taken {
    /// What this tenant takes, where the platform takes files of `platform_max_bytes` at most.
    pub async fn by(conn: &mut Conn, tenant: TenantId, platform_max_bytes: i64) -> Result<Self, Error> {
        let settings = StorageSettings::find(conn, tenant).await?;
        let own = settings.as_ref().and_then(|settings| settings.max_file_size_mb);
        let extensions = settings.map(|settings| settings.allowed_extensions).unwrap_or_default();
        Ok(Self::within(platform_max_bytes, own, extensions))
    }

    fn within(platform_max_bytes: i64, own_mib: Option<i32>, extensions: String) -> Self {
        let own = own_mib.map_or(i64::MAX, |mib| i64::from(mib) * 1024 * 1024);
        Self { max_bytes: own.min(platform_max_bytes), extensions }
    }

    /// The name as it is kept, and the kind of file that it promises, which is one of those taken.
    pub fn checked_name(&self, given: &str) -> Result<(String, &'static Kind), NameError> {
        let (name, kind) = checked_name(given)?;
        let is_taken = self.extensions.is_empty() || self.extensions.split(',').any(|taken| taken == kind.extension);
        if is_taken { Ok((name, kind)) } else { Err(NameError::KindNotTaken(self.extensions.clone())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_takes_less_than_the_platform_and_never_more() {
        let mib = 1024 * 1024;
        for (own, wanted) in [(None, 5 * mib), (Some(2), 2 * mib), (Some(9), 5 * mib)] {
            assert_eq!(Taken::within(5 * mib, own, String::new()).max_bytes, wanted, "{own:?}");
        }
        let all = Taken::within(mib, None, String::new());
        let some = Taken::within(mib, None, "pdf,jpg".to_owned());
        for (name, by_all, by_some) in
            [("a.pdf", true, true), ("a.JPG", true, true), ("a.jpeg", true, false), ("a.df", false, false)]
        {
            assert_eq!((all.checked_name(name).is_ok(), some.checked_name(name).is_ok()), (by_all, by_some), "{name}");
        }
        assert_eq!(some.checked_name("a.png").err(), Some(NameError::KindNotTaken("pdf,jpg".to_owned())));
    }
}
