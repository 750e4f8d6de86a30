//! What a server can do about TLS, and who is whom.

use std::time::Duration;

use didshake_did::web::WebFailure;

use crate::attack::{attack_by_tls, good};
use crate::certificates::{Authority, Validity, self_signed};
use crate::server::Conduct;

macro_rules! attacks {
    ($($name:ident: $conduct:expr, $tls:expr => $expected:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (server, fetched) = attack_by_tls($conduct, $tls).await;
                assert_eq!(fetched.err(), Some($expected));
                assert_eq!(server.connections(), 1);
                if $expected == WebFailure::Tls {
                    assert!(server.requests().is_empty(), "the request was sent to somebody else");
                }
            }
        )*
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

fn right(did: &str) -> Conduct {
    Conduct::Answer(good(did))
}

attacks! {
    tls_of_another_name: right, |authority| Some(authority.tls("other.example", Validity::Now)) => WebFailure::Tls;
    tls_of_another_authority: right, |_| Some(Authority::new().tls("localhost", Validity::Now)) => WebFailure::Tls;
    tls_self_signed: right, |_| Some(self_signed("localhost")) => WebFailure::Tls;
    tls_expired: right, |authority| Some(authority.tls("localhost", Validity::Past)) => WebFailure::Tls;
    tls_not_yet_valid: right, |authority| Some(authority.tls("localhost", Validity::Future)) => WebFailure::Tls;
    tls_of_the_address: right, |authority| Some(authority.tls("127.0.0.1", Validity::Now)) => WebFailure::Tls;
    plain_http_instead_of_tls: |did| Conduct::Greet(good(did)), |_| None => WebFailure::Tls;
    tls_never_begins: |_| Conduct::Greet(Vec::new()), |_| None => WebFailure::Deadline;
    tls_stalls_in_a_record: |_| Conduct::Greet(b"\x16\x03\x03\x40\x00\x02".to_vec()), |_| None => WebFailure::Deadline;
    tls_cut_off_in_the_body: |did| Conduct::Drop([b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".as_slice(), &good(did)[90..100]].concat()), |authority| Some(authority.tls("localhost", Validity::Now)) => WebFailure::Body;
    tls_and_a_stall: |_| Conduct::Drip(Vec::new(), b"HTTP/1.1 200 OK\r\n".to_vec(), Duration::from_millis(200)), |authority| Some(authority.tls("localhost", Validity::Now)) => WebFailure::Deadline;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_server_under_its_name_is_accepted() {
    let (server, fetched) = attack_by_tls(right, |authority| Some(authority.tls("localhost", Validity::Now))).await;
    assert!(fetched.is_ok(), "{fetched:?}");
    assert_eq!(server.requests().len(), 1);
}
