//! What an operator does by hand, once.

use std::io::{BufRead, IsTerminal, Write};

use anyhow::{Context, ensure};
use clap::Args;
use secrecy::SecretString;
use shared::clock::Clock;
use shared::config::{DatabaseConfig, Env, PlatformConfig};
use shared::db::{Acting, Pool, Scope};
use shared::secret::{self, Resealed, TokenSeal};
use shared::users::{NewUser, User, UserError, UserRole, check_strength};

use crate::auth::Passwords;

/// Who is made a superuser.
#[derive(Debug, Args)]
pub struct CreateSuperuser {
    /// Their e-mail.
    #[arg(long, env = "SUPERUSER_EMAIL")]
    email: String,
    /// Their password; the first line of standard input when left out, which no list of processes shows.
    #[arg(long, env = "SUPERUSER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// The first name.
    #[arg(long, default_value = "")]
    first_name: String,
    /// The last name.
    #[arg(long, default_value = "")]
    last_name: String,
}

/// Makes a superuser, who belongs to no tenant and stands above all.
///
/// # Errors
/// The password is too weak, the e-mail is taken or not one, or the database is away.
pub async fn create_superuser(arguments: CreateSuperuser) -> anyhow::Result<()> {
    let mut env = Env::of_process();
    let config = (DatabaseConfig::from_env(&mut env), PlatformConfig::from_env(&mut env));
    let (database, platform) = env.finish(config)?;
    let CreateSuperuser { email, password, first_name, last_name } = arguments;
    ensure!(garde::rules::email::parse_email(&email).is_ok(), "{email} is not an e-mail address");
    let password = match password {
        Some(password) => password,
        None => read_password()?,
    };
    check_strength(&password, &[&email, &first_name, &last_name])?;

    let password_hash = Some(Passwords::new().hash(password).await?);
    let new = NewUser { tenant: None, email, first_name, last_name, role: UserRole::Admin, password_hash };
    let seal = TokenSeal::new(&SecretString::clone(&platform.secret_key));
    let pool = Pool::new(&database.pool())?;
    let mut conn = pool.get(Scope::Platform).await?;
    let made = User::create(&mut conn, new, None, &seal, Clock::Wall.now()).await;
    let user = made.map_err(|error| match error {
        UserError::Database(error) => anyhow::Error::from(error).context("is the database migrated?"),
        other => other.into(),
    })?;
    writeln!(std::io::stdout(), "{} may sign in as a superuser", user.email)?;
    Ok(())
}

/// Seals tenants' secrets anew that were sealed under the keys of `SECRET_KEY_FALLBACKS`, and says how
/// many those were. Done twice, the second time finds nothing to do.
///
/// # Errors
/// Some open under none of the keys, or the database is away.
pub async fn reseal() -> anyhow::Result<()> {
    let mut env = Env::of_process();
    let config = (DatabaseConfig::from_env(&mut env), PlatformConfig::from_env(&mut env));
    let (database, platform) = env.finish(config)?;
    let pool = Pool::new(&database.pool())?;
    let told = secret::reseal(&pool, &platform.vault()?, &Acting::operator("command line, api reseal")).await?;
    let mut out = std::io::stdout();
    let mut lost_in_all = 0;
    for (column, Resealed { anew, current, lost }) in told {
        writeln!(out, "{}: {anew} sealed anew, {current} as they should be, {lost} cannot be opened", column.place)?;
        lost_in_all += lost;
    }
    ensure!(
        lost_in_all == 0,
        "{lost_in_all} secrets open under none of the keys and were left as they are; is a former key missing in SECRET_KEY_FALLBACKS?"
    );
    Ok(())
}

fn read_password() -> anyhow::Result<String> {
    if std::io::stdin().is_terminal() {
        write!(std::io::stderr(), "Password: ")?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).context("reading the password")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
