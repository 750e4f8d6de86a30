//! `/.well-known/didshake` over the network.

use std::time::Duration;

use didshake::Origin;
use didshake_did::discovery::{ClaimError, MAX_WELL_KNOWN_BYTES};
use didshake_peer::HttpFailure;
use didshake_peer::http::{DiscoverError, WebClient, WebClientOptions};

use crate::login::client;
use crate::peers::did;
use crate::server::{Conduct, Server, response};

const JSON: (&str, &str) = ("Content-Type", "application/json");

fn origin(server: &Server) -> Origin {
    Origin::parse(&server.origin()).unwrap()
}

async fn refused(conduct: impl Fn() -> Conduct + Send + Sync + 'static) -> DiscoverError {
    let server = Server::answering(conduct).await;
    let options = WebClientOptions::default().with_timeout(Duration::from_millis(500));
    WebClient::new(&options).unwrap().discover(&origin(&server)).await.unwrap_err()
}

// R-BIND-16
#[tokio::test]
async fn a_claim_of_a_loopback_origin_is_read() {
    let server = Server::start(None, |port| {
        let origin = format!("http://127.0.0.1:{port}");
        let body = format!(r#"{{"did":"{}","endpoint":"{origin}/didshake","versions":[1],"suites":[1]}}"#, did(2));
        std::sync::Arc::new(move |_| {
            let answer = response(200, &[JSON], body.as_bytes());
            Box::pin(async move { Conduct::Answer(answer) })
        })
    })
    .await;
    let claim = client().discover(&origin(&server)).await.unwrap();
    assert_eq!(claim.unverified_did(), &did(2));
    assert_eq!(claim.endpoint_on_origin().unwrap().as_str(), format!("{}/didshake", server.origin()));
    let requests = server.requests();
    assert_eq!((&requests[0].method[..], &requests[0].target[..]), ("GET", "/.well-known/didshake"));
}

// R-BIND-16, R-LIMIT-1
#[tokio::test]
async fn what_is_no_claim_is_refused() {
    let target = Server::answering(|| Conduct::Answer(response(200, &[JSON], b"{}"))).await;
    let location = target.origin();
    let redirect = move || Conduct::Answer(response(302, &[JSON, ("Location", &location)], b"{}"));
    assert_eq!(refused(redirect).await, DiscoverError::Status(302));
    assert_eq!(target.connections(), 0);
    assert_eq!(refused(|| Conduct::Answer(response(404, &[], b""))).await, DiscoverError::Status(404));
    let html = || Conduct::Answer(response(200, &[("Content-Type", "text/html")], b"{}"));
    assert_eq!(refused(html).await, DiscoverError::Claim(ClaimError::Response));
    let empty = || Conduct::Answer(response(200, &[JSON], b"{}"));
    assert_eq!(refused(empty).await, DiscoverError::Claim(ClaimError::Member));

    let long = || Conduct::Stall(response(200, &[JSON], &[b' '; MAX_WELL_KNOWN_BYTES + 1]));
    assert_eq!(refused(long).await, DiscoverError::Http(HttpFailure::TooLong));
    let limit = HttpFailure::TimedOut(Duration::from_millis(500));
    assert_eq!(refused(|| Conduct::Stall(Vec::new())).await, DiscoverError::Http(limit));
    let slow = || {
        let head = b"HTTP/1.1 200 x\r\nContent-Length: 500\r\n\r\n".to_vec();
        Conduct::Drip(head, vec![b' '; 500], Duration::from_millis(20))
    };
    assert_eq!(refused(slow).await, DiscoverError::Http(limit));
}

#[tokio::test]
async fn plain_http_elsewhere_makes_no_claims() {
    for far in ["http://example.com", "http://localhost:9"] {
        let refused = client().discover(&Origin::parse(far).unwrap()).await.unwrap_err();
        assert_eq!(refused, DiscoverError::Claim(ClaimError::NotHttps), "{far}");
    }
}
