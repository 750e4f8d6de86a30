//! One request: what is sent, what is accepted, how much is read.

use std::error::Error;
use std::io;
use std::sync::Arc;

use reqwest::dns::Resolve;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode, Url, redirect, retry};

use super::failure::WebFailure;
use super::guard::Reach;
use super::location::LocationFault;
use super::options::{WebOptionFault, WebOptions};
use crate::document::MAX_DOCUMENT_BYTES;
use crate::webvh::{MAX_LOG_BYTES, MAX_WITNESS_BYTES};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wanted {
    /// The document of a did:web, of a type that says so: nothing else tells a document from an upload.
    Document,
    /// The log of a did:webvh, of any type: what it is shows in its hashes and signatures.
    Log,
    /// The witness proofs of one; likewise.
    WitnessProofs,
}

impl Wanted {
    fn max_bytes(self) -> usize {
        match self {
            Self::Document => MAX_DOCUMENT_BYTES,
            Self::Log => MAX_LOG_BYTES,
            Self::WitnessProofs => MAX_WITNESS_BYTES,
        }
    }

    fn accept(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Document => "application/did+json, application/did+ld+json, application/json",
            Self::Log => "text/jsonl, */*",
            Self::WitnessProofs => "application/json, */*",
        })
    }
}

const CONTENT_TYPES: [&str; 3] = ["application/did+json", "application/did+ld+json", "application/json"];

/// A client that goes nowhere but where `names` lets it, once, and keeps no connection: the next fetch looks the name
/// up anew.
pub(super) fn client(
    names: impl Resolve + 'static,
    options: &WebOptions,
    reach: Reach,
) -> Result<Client, WebOptionFault> {
    let headers = [(ACCEPT_ENCODING, HeaderValue::from_static("identity"))];
    Client::builder()
        .dns_resolver(Arc::new(names))
        .https_only(reach == Reach::Public)
        .tls_certs_merge(options.roots.iter().cloned())
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(0)
        .default_headers(HeaderMap::from_iter(headers))
        .user_agent(options.user_agent.clone())
        .build()
        .map_err(|_| WebOptionFault::Tls)
}

/// The bytes behind a URL of [`super::location`], within the limits of what is wanted. The caller sets the deadline.
pub(super) async fn fetch(client: &Client, url: &str, wanted: Wanted) -> Result<Vec<u8>, WebFailure> {
    let parsed = Url::parse(url).map_err(|_| LocationFault::Host)?;
    // A second reader of the same text: were it to see another host or path, it would have been rewritten.
    if parsed.as_str() != url {
        return Err(LocationFault::Host.into());
    }
    let request = client.get(parsed).header(ACCEPT, wanted.accept());
    let response = request.send().await.map_err(|error| cause(&error).unwrap_or(WebFailure::Connect))?;
    check_status(response.status())?;
    check_headers(response.headers(), wanted)?;
    read(response, wanted.max_bytes()).await
}

fn check_status(status: StatusCode) -> Result<(), WebFailure> {
    match status.as_u16() {
        200 => Ok(()),
        404 | 410 => Err(WebFailure::NotFound),
        status @ 300..=399 => Err(WebFailure::Redirect(status)),
        status => Err(WebFailure::Status(status)),
    }
}

fn check_headers(headers: &HeaderMap, wanted: Wanted) -> Result<(), WebFailure> {
    let media_type = only(headers, CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if wanted == Wanted::Document && !CONTENT_TYPES.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return Err(WebFailure::ContentType);
    }
    let identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if !headers.get_all(CONTENT_ENCODING).iter().all(identity) {
        return Err(WebFailure::ContentEncoding);
    }
    Ok(())
}

fn only(headers: &HeaderMap, name: HeaderName) -> Option<&HeaderValue> {
    let mut values = headers.get_all(name).iter();
    values.next().filter(|_| values.next().is_none())
}

async fn read(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, WebFailure> {
    let room = |taken: usize| max_bytes.saturating_sub(taken);
    if response.content_length().is_some_and(|length| length > room(0) as u64) {
        return Err(WebFailure::TooLong);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| WebFailure::Body)? {
        if chunk.len() > room(bytes.len()) {
            return Err(WebFailure::TooLong);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What the error comes from: our own refusal, or rustls's, which comes as invalid data.
fn cause(error: &(dyn Error + 'static)) -> Option<WebFailure> {
    if let Some(failure) = error.downcast_ref::<WebFailure>() {
        return Some(*failure);
    }
    let Some(io) = error.downcast_ref::<io::Error>() else { return cause(error.source()?) };
    // An io::Error's source is its inner error's, so that the inner one would be passed over.
    let inner = io.get_ref().and_then(|inner| cause(inner));
    inner.or_else(|| (io.kind() == io::ErrorKind::InvalidData).then_some(WebFailure::Tls))
}
