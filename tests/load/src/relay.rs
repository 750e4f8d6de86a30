//! The relay as every measurement starts it.

use didshake_tests::{Home, Service};

/// Far above what a machine can do, so that no limit is what is measured.
const SETTINGS: &str = r#"mailboxes = ["anyone"]
rate_deposits = "10000000/min"
rate_handshakes = "100000/min"
max_connections = 65536
mailbox_waiting = 1000000
mailbox_bytes = 10737418240
"#;

/// Starts the program as a relay for anybody, with its data in `home`.
///
/// # Panics
/// Where it does not come to listening.
#[must_use]
pub fn relay(home: &Home) -> Service {
    let file = home.write("relay.toml", SETTINGS);
    Service::start(home, &["--config", file.to_str().expect("a path")])
}
