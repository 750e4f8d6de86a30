//! What a service checks of a request, in the order of section 15.6.

use super::check::{Checks, Judged, RequestCheck as Check};
use super::client::{self, COMPONENTS, Draft, authority, hmac, parameters, request_key, signed_path};
use super::file::{Burns, Client, Request, Service, Session};
use crate::keys::from_base64url;
use crate::primitives::sha256;

/// What an honest sender meant, for checks that are off.
#[derive(Default)]
pub(crate) struct Sender {
    pub(crate) client: Client,
    /// What it signed, with whatever deviation.
    pub(crate) draft: Draft,
    pub(crate) base: String,
    pub(crate) mac: Vec<u8>,
    pub(crate) digest: Vec<u8>,
}

impl Sender {
    fn fields(&self) -> Fields {
        Fields {
            input: self.draft.input.clone(),
            signature: client::signature(&self.mac),
            digest: self.draft.content_digest.clone(),
        }
    }
}

/// The three fields, each once.
struct Fields {
    input: String,
    signature: String,
    digest: String,
}

/// What the fields say.
struct Claim {
    created: u64,
    nonce: Vec<u8>,
    session_id: Vec<u8>,
    mac: Vec<u8>,
    digest: Vec<u8>,
}

/// Judges a request with all checks on, where nobody knows what its sender meant.
pub(crate) fn judge_alone(service: &Service, request: &Request) -> Judged<Burns> {
    judge(Checks::all(), service, request, &Sender::default())
}

/// Judges a request; what is burned for a good one.
pub(crate) fn judge(checks: Checks, service: &Service, request: &Request, sender: &Sender) -> Judged<Burns> {
    let fields = read_fields(checks, request, sender)?;
    let claim = read_claim(checks, &fields, sender)?;
    checks.need(Check::Created, service.now.abs_diff(claim.created) <= 60)?;
    let key = session_key(checks, service, &claim, sender)?;
    let base = signed_text(checks, service, request, &fields, sender)?;
    let key = if checks.off(Check::MacKey) { sender.draft.key.clone() } else { key };
    checks.need(Check::Mac, hmac(&key, &base) == claim.mac)?;
    checks.need(Check::Digest, sha256(&[&request.body.0]) == claim.digest)?;
    let burned =
        |burned: &super::file::Burned| burned.session_id.0 == claim.session_id && burned.nonce.0 == claim.nonce;
    checks.need(Check::NonceOnce, !service.burned.iter().any(burned))?;
    let until = claim.created + 61;
    Ok(Burns { session_id: claim.session_id.as_slice().into(), nonce: claim.nonce.as_slice().into(), until })
}

fn read_fields(checks: Checks, request: &Request, sender: &Sender) -> Judged<Fields> {
    let own = sender.fields();
    if request.signature_input.is_empty() && request.signature.is_empty() {
        checks.need(Check::Signed, false)?;
        return Ok(own);
    }
    Ok(Fields {
        input: once(checks, Check::InputOnce, &request.signature_input, own.input)?,
        signature: once(checks, Check::SignatureOnce, &request.signature, own.signature)?,
        digest: once(checks, Check::DigestOnce, &request.content_digest, own.digest)?,
    })
}

fn once(checks: Checks, check: Check, values: &[String], own: String) -> Judged<String> {
    checks.need(check, values.len() == 1)?;
    Ok(values.first().cloned().unwrap_or(own))
}

fn read_claim(checks: Checks, fields: &Fields, sender: &Sender) -> Judged<Claim> {
    let client = &sender.client;
    let short = |field: &str| field.len() <= 512;
    let label = fields.input.split_once('=').map(|(label, _)| label);
    checks.need(Check::InputLabel, label == Some("didshake"))?;
    let parameters = parameters(&fields.input);
    let after_list = parameters.find(')').map_or(0, |end| end + 1);
    let (list, rest) = parameters.split_at_checked(after_list).unwrap_or_default();
    checks.need(Check::InputComponents, list == COMPONENTS)?;

    let pieces: Vec<&str> = rest.split(';').collect();
    let names: Vec<&str> = pieces.iter().map(|piece| piece.split_once('=').map_or(*piece, |(name, _)| name)).collect();
    let all = ["", "created", "nonce", "keyid", "alg", "tag"];
    checks.need(Check::InputParameters, names == all && short(&fields.input))?;
    // The last of several counts, as in any Structured Field.
    let value = |name: &str| pieces.iter().rev().find_map(|piece| piece.trim().strip_prefix(name)?.strip_prefix('='));
    let created = read(checks, Check::InputCreated, value("created"), number)?;
    let nonce = read(checks, Check::InputNonce, value("nonce"), sixteen)?;
    let session_id = read(checks, Check::InputSession, value("keyid"), sixteen)?;
    let is = |text: &'static str| move |value: &str| (value == text).then_some(());
    read(checks, Check::InputAlgorithm, value("alg"), is("\"hmac-sha256\""))?;
    read(checks, Check::InputTag, value("tag"), is("\"didshake.login/1\""))?;

    let mac = fields.signature.strip_prefix("didshake=").and_then(thirty_two).filter(|_| short(&fields.signature));
    checks.need(Check::SignatureForm, mac.is_some())?;
    let digest = fields.digest.strip_prefix("sha-256=").and_then(thirty_two).filter(|_| short(&fields.digest));
    checks.need(Check::DigestForm, digest.is_some())?;
    Ok(Claim {
        created: created.unwrap_or(client.created),
        nonce: nonce.unwrap_or_else(|| client.nonce.0.clone()),
        session_id: session_id.unwrap_or_else(|| client.session_id.0.clone()),
        mac: mac.unwrap_or_else(|| sender.mac.clone()),
        digest: digest.unwrap_or_else(|| sender.digest.clone()),
    })
}

/// A parameter's value; None where it is missing, or wrong while its check is off.
fn read<T>(
    checks: Checks,
    check: Check,
    value: Option<&str>,
    reader: impl FnOnce(&str) -> Option<T>,
) -> Judged<Option<T>> {
    let Some(value) = value else { return Ok(None) };
    let value = reader(value);
    checks.need(check, value.is_some())?;
    Ok(value)
}

fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    if digits && !leading_zero { text.parse().ok() } else { None }
}

fn sixteen(text: &str) -> Option<Vec<u8>> {
    let inside = text.strip_prefix('"')?.strip_suffix('"')?;
    from_base64url(inside).filter(|bytes| bytes.len() == 16)
}

fn thirty_two(text: &str) -> Option<Vec<u8>> {
    let inside = text.strip_prefix(':')?.strip_suffix(':')?;
    client::from_base64(inside).filter(|bytes| bytes.len() == 32)
}

fn session_key(checks: Checks, service: &Service, claim: &Claim, sender: &Sender) -> Judged<Vec<u8>> {
    let found = service.sessions.iter().find(|session| session.id.0 == claim.session_id);
    let Some(session) = found else {
        checks.need(Check::SessionKnown, false)?;
        return Ok(sender.draft.key.clone());
    };
    checks.need(Check::SessionLive, is_live(session, service.now))?;
    checks.need(Check::SessionOrigin, session.origin == service.origin)?;
    request_key(&session.exporter.0)
}

/// Section 10.7: `lifetime` seconds from Accept, and 60 while it is unused.
fn is_live(session: &Session, now: u64) -> bool {
    let lifetime = u64::from(session.lifetime);
    let seconds = if session.used { lifetime } else { lifetime.min(60) };
    now < session.accepted + seconds
}

/// The signature base as the service has it, with the sender's part where that part's check is off.
fn signed_text(
    checks: Checks,
    service: &Service,
    request: &Request,
    fields: &Fields,
    sender: &Sender,
) -> Judged<String> {
    let theirs = &sender.draft;
    let mut own = Draft {
        exporter: Vec::new(),
        key: Vec::new(),
        method: request.method.clone(),
        authority: authority(&service.origin)?,
        path: signed_path(&request.path).to_owned(),
        query: request.query.clone().unwrap_or_default(),
        content_digest: fields.digest.clone(),
        input: fields.input.clone(),
    };
    let parts = [
        (Check::MacMethod, &mut own.method, &theirs.method),
        (Check::MacAuthority, &mut own.authority, &theirs.authority),
        (Check::MacPath, &mut own.path, &theirs.path),
        (Check::MacQuery, &mut own.query, &theirs.query),
        (Check::MacDigest, &mut own.content_digest, &theirs.content_digest),
        (Check::MacParameters, &mut own.input, &theirs.input),
    ];
    for (check, own, theirs) in parts {
        if checks.off(check) {
            own.clone_from(theirs);
        }
    }
    if checks.off(Check::MacBase) { Ok(sender.base.clone()) } else { own.base() }
}
