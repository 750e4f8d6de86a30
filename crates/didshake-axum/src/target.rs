//! What a request is for, exactly as it came.

use axum::extract::OriginalUri;
use didshake::{Origin, Origins};
use http::header::HOST;
use http::request::Parts;
use http::{HeaderMap, HeaderName, Uri};

/// The URI as it came to the outermost router: nested routers see less of it, and the client signed all of it.
pub(crate) fn uri(parts: &Parts) -> &Uri {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0)
}

/// What names the origin: the values of `Host`, and an authority in the request line (`:authority` over HTTP/2) that says
/// something else. Only one may be left.
pub(crate) fn hosts(parts: &Parts) -> Vec<&[u8]> {
    let mut hosts = values(&parts.headers, &HOST);
    if let Some(authority) = uri(parts).authority() {
        let authority = authority.as_str().as_bytes();
        if !hosts.iter().any(|host| host.eq_ignore_ascii_case(authority)) {
            hosts.push(authority);
        }
    }
    hosts
}

/// The configured origin that a request came to, by what its head says of the host and by no forwarded field (R-BIND-7);
/// `None` where it names none of them, or more than one host.
///
/// ```
/// use didshake::{Origin, Origins};
/// use didshake_axum::requested_origin;
/// let origins = Origins::new(vec![Origin::parse("https://a.example")?])?;
/// let (parts, ()) = http::Request::builder().header("host", "a.example").body(())?.into_parts();
/// assert_eq!(requested_origin(&parts, &origins).map(Origin::as_str), Some("https://a.example"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn requested_origin<'a>(parts: &Parts, origins: &'a Origins) -> Option<&'a Origin> {
    origins.select(&hosts(parts))
}

/// The values of all fields of a name.
pub(crate) fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a [u8]> {
    headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, hosts: &[&str]) -> Parts {
        let mut request = http::Request::builder().uri(uri);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        request.body(()).unwrap().into_parts().0
    }

    // R-BIND-7
    #[test]
    fn an_authority_in_the_request_line_must_not_contradict_host() {
        assert_eq!(hosts(&parts("/a", &["a.example"])), [b"a.example"]);
        assert_eq!(hosts(&parts("http://A.example/a", &["a.example"])), [b"a.example"]);
        assert_eq!(hosts(&parts("http://a.example/a", &[])), [b"a.example"]);
        assert_eq!(hosts(&parts("http://evil.example/a", &["a.example"])).len(), 2);
        assert_eq!(hosts(&parts("/a", &["a.example", "a.example"])).len(), 2);
    }

    #[test]
    fn the_uri_is_the_one_that_came_first() {
        let mut inner = parts("/me", &[]);
        inner.extensions.insert(OriginalUri(Uri::from_static("/api/me?x")));
        assert_eq!(uri(&inner).to_string(), "/api/me?x");
    }
}
