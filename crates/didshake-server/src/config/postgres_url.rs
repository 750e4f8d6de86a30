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
    /// [`ValueFault::Store`]; [`ValueFault::StoreTls`] where another machine is meant and the URL does not say how it is known.
    pub fn parse(text: &str) -> Result<Self, ValueFault> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme)) {
            return Err(ValueFault::Store);
        }
        let options: PgConnectOptions = text.parse().map_err(|_| ValueFault::Store)?;
        let is_local =
            ["localhost", "127.0.0.1", "::1", "[::1]"].contains(&options.get_host()) || options.get_socket().is_some();
        if !is_local && !text.contains("sslmode=") {
            return Err(ValueFault::StoreTls);
        }
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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_given_is_read_or_refused_and_never_shown_whole(
            password in "[A-Za-z0-9._~%!$&'()*+,;=-]{6,20}",
            rest in "[a-z0-9/?=&@:%#.\\[\\]_-]{0,40}",
        ) {
            for text in [format!("postgres://u:{password}-hidden@localhost/{rest}"), format!("postgres:{rest}"), rest] {
                if let Ok(url) = PostgresUrl::parse(&text) {
                    let shown = format!("{url} {url:?}");
                    prop_assert!(!shown.contains("-hidden"));
                }
            }
        }
    }

    #[test]
    fn the_password_is_never_shown() {
        for text in ["postgres://u:hunter2@localhost/d", "postgresql://localhost/d?user=u&password=hunter2"] {
            let url = PostgresUrl::parse(text).unwrap();
            assert!(url.expose().contains("hunter2"));
            assert!(!format!("{url} {url:?}").contains("hunter2"), "{url:?}");
        }
        for text in ["", "sqlite://x", "postgres:", "postgres://h:x/d", "mysql://h/d", "https://h/d"] {
            assert_eq!(PostgresUrl::parse(text), Err(ValueFault::Store), "{text}");
        }
    }

    // A database that anybody on the way can read has everybody's sessions.
    #[test]
    fn the_way_to_another_machine_is_chosen() {
        assert_eq!(PostgresUrl::parse("postgres://u@db.example/d"), Err(ValueFault::StoreTls));
        for text in
            ["postgres://u@db.example/d?sslmode=verify-full", "postgres://u@127.0.0.1/d", "postgres://u@localhost/d"]
        {
            assert!(PostgresUrl::parse(text).is_ok(), "{text}");
        }
    }
}
