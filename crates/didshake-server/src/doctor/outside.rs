//! What clients see.

use didshake::Origin;
use didshake_did::web::WebResolver;
use didshake_peer::http::{WebClient, WebClientOptions};

use super::{Finding, chain};
use crate::config::Config;
use crate::identity::endpoint;

/// Asks an origin what it says of itself, as a client would.
pub async fn examine_url(config: &Config, origin: &Origin) -> Vec<Finding> {
    const CHECK: &str = "public URL";
    let client = match client(config) {
        Ok(client) => client,
        Err(finding) => return vec![finding],
    };
    let claim = match client.discover(origin).await {
        Ok(claim) => claim,
        Err(error) => {
            let remedy = "is the service running, and does the name lead to it, or to its proxy?";
            return vec![Finding::failure(CHECK, format!("{origin}: {}", chain(&error)), remedy)];
        }
    };
    let did = claim.unverified_did();
    let mut findings = vec![Finding::ok(CHECK, format!("{origin} answers as {did}"))];
    if claim.endpoint_on_origin().map(didshake::Endpoint::as_str) != Ok(endpoint(origin).as_str()) {
        let remedy = format!("does the proxy pass `Host` on? --public-url must have {origin}");
        findings.push(Finding::failure(CHECK, format!("{origin} names an endpoint of another origin"), remedy));
    }
    findings
}

/// Whether the did:web leads to a document with a key of ours.
pub(super) async fn did_web(config: &Config) -> Option<Finding> {
    const CHECK: &str = "did:web";
    let did = config.did_web.as_ref()?;
    let resolver = config.web_options().ok().and_then(|options| WebResolver::new(&options).ok())?;
    Some(match resolver.fetch(did).await {
        Ok(document) if document.authentication_methods().is_empty() => {
            Finding::failure(CHECK, format!("{did} resolves, and has no key"), "serve this service's document there")
        }
        Ok(_) => Finding::ok(CHECK, format!("{did} resolves")),
        Err(error) => {
            let remedy = "its host must lead to this service, over https; --allow-local for a local one";
            Finding::failure(CHECK, format!("{did}: {}", chain(&error)), remedy)
        }
    })
}

fn client(config: &Config) -> Result<WebClient, Finding> {
    let mut options = WebClientOptions::default();
    for host in &config.allow_local {
        options = options.allow_local(host.clone());
    }
    for path in &config.root_certs {
        // A file that cannot be read has a finding of its own.
        let pem = std::fs::read(path).unwrap_or_default();
        options = options.clone().with_roots(&pem).unwrap_or(options);
    }
    WebClient::new(&options)
        .map_err(|error| Finding::failure("public URL", chain(&error), "install the system's root certificates"))
}
