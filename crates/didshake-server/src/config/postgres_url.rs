//! Where PostgreSQL is, and how to get in.

use std::fmt;

use sqlx::postgres::PgConnectOptions;
use zeroize::Zeroizing;

use super::ValueFault;

/// The URL of a PostgreSQL database. Shown without its password.
///
/// ```
/// use didshake_server::PostgresUrl;
/// let url = PostgresUrl::parse("postgres://didshake:secret@db.example/didshake?sslmode=verify-full").unwrap();
/// assert_eq!(url.to_string(), "postgres://didshake@db.example:5432/didshake");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl {
    url: Zeroizing<String>,
    shown: String,
}

impl PostgresUrl {
    /// Reads `postgres://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?OPTIONS]`, with the options of libpq.
    ///
    /// # Errors
    /// [`ValueFault::Store`].
    pub fn parse(text: &str) -> Result<Self, ValueFault> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(ValueFault::Store);
        }
        let options: PgConnectOptions = text.parse().map_err(|_| ValueFault::Store)?;
        let (user, host, port) = (options.get_username(), options.get_host(), options.get_port());
        let shown = format!("postgres://{user}@{host}:{port}/{}", options.get_database().unwrap_or(user));
        Ok(Self { url: Zeroizing::new(text.to_owned()), shown })
    }

    /// With the password.
    pub(crate) fn expose(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresUrl({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_never_shown() {
        for text in ["postgres://u:hunter2@h/d", "postgresql://h/d?user=u&password=hunter2"] {
            let url = PostgresUrl::parse(text).unwrap();
            assert!(url.expose().contains("hunter2"));
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{url:?}");
        }
        for text in ["", "sqlite://x", "postgres:", "postgres://h:x/d", "mysql://h/d", "https://h/d"] {
            assert_eq!(PostgresUrl::parse(text), Err(ValueFault::Store), "{text}");
        }
    }
}
