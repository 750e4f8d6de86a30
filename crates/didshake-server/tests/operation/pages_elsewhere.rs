//! Pages of other origins: depositors, and nothing else.

use crate::http::ask;
use crate::relay::{Relay, relay_settings};

// R-RLY-12
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_any_origin_may_deposit_and_own_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let relay = Relay::start(&relay_settings(directory.path())).await;
    let address = relay.service.address;
    let before = "origin: https://elsewhere.example\r\naccess-control-request-method: POST\r\n\
                  access-control-request-headers: authorization,content-type\r\n";
    for (method, behind) in [("POST", ""), ("GET", "/key"), ("POST", "/states")] {
        let path = format!("{}{behind}", relay.path);
        let asked = ask(address, &format!("OPTIONS {path}"), before).await;
        assert_eq!(asked.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(asked.header("access-control-allow-headers"), Some("authorization,content-type"), "{path}");
        assert_eq!(asked.header("access-control-allow-methods"), Some("GET,POST"), "{path}");
        assert_eq!(asked.header("access-control-allow-credentials"), None, "{path}");
        // Also a refusal is for the page to read.
        let refused = ask(address, &format!("{method} {path}"), "origin: https://elsewhere.example\r\n").await;
        assert_eq!(refused.header("access-control-allow-origin"), Some("*"), "{path}");
    }
    for path in ["/v1/mailbox", "/v1/mailbox/deposits", "/v1/session", "/didshake"] {
        let asked = ask(address, &format!("OPTIONS {path}"), before).await;
        assert_eq!(asked.header("access-control-allow-origin"), None, "{path}");
    }
    relay.service.end().await;
}
