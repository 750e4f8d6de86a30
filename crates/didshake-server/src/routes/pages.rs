//! The pages for browsers, and what they load: all of it from here, as it was when the program was built.

use std::io::Read as _;
use std::sync::LazyLock;

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};

use super::App;

include!(concat!(env!("OUT_DIR"), "/compressed.rs"));

/// Scripts and styles are files of ours, and nothing else runs: no script in a page, none that a script wrote, no frame.
const OPENER_POLICY: http::HeaderName = http::HeaderName::from_static("cross-origin-opener-policy");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// A file as browsers get it.
struct Page {
    path: String,
    content_type: &'static str,
    compressed: &'static [u8],
    /// For programs that read no gzip; shared, so that an answer which nobody reads costs nothing.
    plain: Bytes,
    etag: String,
}

static PAGES: LazyLock<Vec<Page>> = LazyLock::new(|| COMPRESSED.iter().map(|(name, gz)| Page::new(name, gz)).collect());

impl Page {
    fn new(name: &str, compressed: &'static [u8]) -> Self {
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let (path, content_type) = match extension {
            "html" => (format!("/{stem}"), "text/html; charset=utf-8"),
            "js" => (format!("/assets/{name}"), "text/javascript; charset=utf-8"),
            "css" => (format!("/assets/{name}"), "text/css; charset=utf-8"),
            "svg" => (format!("/assets/{name}"), "image/svg+xml"),
            _ => (format!("/{name}"), "application/json"),
        };
        let etag = format!("\"{}\"", hex::encode(Sha256::digest(compressed)));
        let mut plain = Vec::new();
        // It was compressed when the program was built.
        let _ = GzDecoder::new(compressed).read_to_end(&mut plain);
        Self { path, content_type, compressed, plain: plain.into(), etag }
    }

    /// Asked for again each time, and sent again where it has changed: a new version of the service is a new page at once.
    fn answer(&self, headers: &HeaderMap) -> Response {
        // The policy also where nothing has changed: a browser takes the fields of the newer answer.
        let fields = [
            (CACHE_CONTROL, "no-cache"),
            (ETAG, self.etag.as_str()),
            (VARY, "accept-encoding"),
            (CONTENT_SECURITY_POLICY, POLICY),
            // Whoever opened it has no hand in what it shows.
            (OPENER_POLICY, "same-origin"),
        ];
        if mentions(headers, &IF_NONE_MATCH, &self.etag) {
            return (StatusCode::NOT_MODIFIED, fields).into_response();
        }
        let kind = [(CONTENT_TYPE, self.content_type)];
        if mentions(headers, &ACCEPT_ENCODING, "gzip") {
            return (fields, kind, [(CONTENT_ENCODING, "gzip")], self.compressed).into_response();
        }
        (fields, kind, self.plain.clone()).into_response()
    }
}

/// Whether a list in a field has this entry, whatever its parameters.
fn mentions(headers: &HeaderMap, name: &http::HeaderName, wanted: &str) -> bool {
    let fields = headers.get_all(name).iter().filter_map(|field| field.to_str().ok());
    fields
        .flat_map(|field| field.split(','))
        .any(|entry| entry.split(';').next().is_some_and(|entry| entry.trim() == wanted))
}

/// Every page, and the way to them.
pub(super) fn routes() -> Router<App> {
    let begin = Router::new().route("/", get(|| async { Redirect::to("/login") }));
    PAGES.iter().fold(begin, |router, page| {
        router.route(&page.path, get(move |headers: HeaderMap| async move { page.answer(&headers) }))
    })
}
