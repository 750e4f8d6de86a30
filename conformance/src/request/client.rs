//! How a client signs: RFC 9421 and RFC 9530, in the one form of section 15.6.

use super::check::{Halt, Judged};
use super::file::Client;
use crate::bytes::Put;
use crate::keys::{base64url, from_base64url};
use crate::primitives::{expand, extract, sha256};

/// The components that are signed, as `Signature-Input` lists them.
pub(crate) const COMPONENTS: &str = r#"("@method" "@authority" "@path" "@query" "content-digest")"#;

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The values of the components, and everything else that is signed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) exporter: Vec<u8>,
    pub(crate) key: Vec<u8>,
    pub(crate) method: String,
    pub(crate) authority: String,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The value of `Content-Digest`.
    pub(crate) content_digest: String,
    /// The value of `Signature-Input`.
    pub(crate) input: String,
}

impl Draft {
    /// What an honest client signs.
    pub(crate) fn of(client: &Client, target: &Target) -> Judged<Draft> {
        Ok(Draft {
            exporter: client.exporter.0.clone(),
            key: request_key(&client.exporter.0)?,
            method: target.method.clone(),
            authority: authority(&client.origin)?,
            path: signed_path(&target.path).to_owned(),
            query: target.query.clone().unwrap_or_default(),
            content_digest: content_digest(&target.body),
            input: signature_input(client),
        })
    }

    /// The text that is signed. It follows the components that the input lists, which only a bad one chooses itself.
    pub(crate) fn base(&self) -> Judged<String> {
        let parameters = parameters(&self.input);
        let list = parameters.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (list, _) = list.ok_or(Halt::Broken("an input without components"))?;
        let mut lines = Vec::new();
        for name in list.split(' ').filter(|name| !name.is_empty()) {
            lines.push(format!("{name}: {}", self.value(name)?));
        }
        lines.push(format!("\"@signature-params\": {parameters}"));
        Ok(lines.join("\n"))
    }

    fn value(&self, name: &str) -> Judged<String> {
        match name.to_ascii_lowercase().as_str() {
            "\"@method\"" => Ok(self.method.clone()),
            "\"@authority\"" => Ok(self.authority.clone()),
            "\"@path\"" => Ok(self.path.clone()),
            "\"@query\"" => Ok(format!("?{}", self.query)),
            "\"content-digest\"" | "\"content-digest\";sf" => Ok(self.content_digest.clone()),
            "\"@scheme\"" => Ok("https".to_owned()),
            "\"@request-target\"" => Ok(format!("{}?{}", self.path, self.query)),
            _ => Err(Halt::Broken("a component without a value")),
        }
    }
}

/// `export("didshake.login/1 request", "", 32)` (section 5.4).
pub(crate) fn request_key(exporter: &[u8]) -> Judged<Vec<u8>> {
    exported(exporter, b"didshake.login/1 request", b"")
}

/// 32 bytes of the exporter for any label and context.
pub(crate) fn exported(exporter: &[u8], label: &[u8], context: &[u8]) -> Judged<Vec<u8>> {
    let mut info = b"didshake/1 export".to_vec();
    info.u16(32);
    info.vec8(label)?;
    info.vec16(context)?;
    Ok(expand(exporter, &info, 32)?)
}

/// HMAC-SHA-256, which HKDF-Extract is by definition (RFC 5869, section 2.2).
pub(crate) fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    extract(key, text.as_bytes())
}

/// Host and port of a serialised origin.
pub(crate) fn authority(origin: &str) -> Judged<String> {
    let (_, authority) = origin.split_once("://").ok_or(Halt::Broken("an origin without a scheme"))?;
    Ok(authority.to_owned())
}

/// An empty path is `/`.
pub(crate) fn signed_path(path: &str) -> &str {
    if path.is_empty() { "/" } else { path }
}

/// The value of `Content-Digest`.
pub(crate) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", base64(&sha256(&[body])))
}

/// The value of `Signature`.
pub(crate) fn signature(mac: &[u8]) -> String {
    format!("didshake=:{}:", base64(mac))
}

fn signature_input(client: &Client) -> String {
    let (nonce, session) = (base64url(&client.nonce.0), base64url(&client.session_id.0));
    format!(
        r#"didshake={COMPONENTS};created={};nonce="{nonce}";keyid="{session}";alg="hmac-sha256";tag="didshake.login/1""#,
        client.created
    )
}

/// What follows the label of a `Signature-Input`.
pub(crate) fn parameters(input: &str) -> &str {
    input.split_once('=').map_or(input, |(_, parameters)| parameters)
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    let text = base64url(bytes).replace('-', "+").replace('_', "/");
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    text + &padding
}

/// Decodes standard base64 with padding; None if it is not the one canonical encoding.
pub(crate) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    from_base64url(&unpadded).filter(|bytes| base64(bytes) == text)
}
