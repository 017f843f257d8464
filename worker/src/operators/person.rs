//! Who sits at the terminal, by the system's account.

use std::os::unix::fs::MetadataExt;

use crate::presence;

/// `ada@host-7`, or `ada as root@host-7` by way of sudo. It says whom to ask, and proves nothing:
/// whoever has the database's password is believed.
pub(super) fn at_the_terminal() -> String {
    let account = account().unwrap_or_else(|| "somebody".to_owned());
    let host = presence::host();
    match told("SUDO_USER") {
        Some(person) if person != account => format!("{person} as {account}@{host}"),
        _ => format!("{account}@{host}"),
    }
}

/// The account under which this process runs: the system's answer before the environment's.
fn account() -> Option<String> {
    let Ok(process) = std::fs::metadata("/proc/self") else { return told("USER") };
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(name_of(process.uid(), &accounts).map_or_else(|| format!("user {}", process.uid()), str::to_owned))
}

#[expect(clippy::disallowed_methods, reason = "who sits here is no configuration")]
fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|person| !person.is_empty())
}

/// The name of an account in what `/etc/passwd` says.
fn name_of(id: u32, accounts: &str) -> Option<&str> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nbroken\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n";
        assert_eq!((name_of(1_000, accounts), name_of(0, accounts)), (Some("ada"), Some("root")));
        assert_eq!(name_of(7, accounts), None);
    }
}
