//! Signed requests: a positive is signed anew and compared byte for byte, and every request goes through the checks of
//! a service in their order.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use didshake::request::{
    CONTENT_DIGEST, ClaimedRequest, ProvenRequest, ReceivedFields, RequestFault, RequestKey, SIGNATURE,
    SIGNATURE_INPUT, SignatureFields, Target,
};
use didshake::{Algorithm, Did, Exporter, Fault, Fragment, Origin, Session, SessionParts, UnixTime};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::config::secret;
use crate::format::{Hex, VectorKind};
use crate::outcome::{Failure, same};
use crate::request_format::{Burns, Client, KeptSession, Request, RequestVector, Service, Signed};
use crate::rng::FixedRng;

const FORMAT: &str = "didshake-request-vectors/1";

/// Whoever made the session: the requests of this vector do not depend on it.
const SOMEBODY: &str = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";

impl RequestVector {
    /// Runs it through the real crate.
    ///
    /// # Errors
    /// The first [`Failure`].
    pub fn verify(&self) -> Result<(), Failure> {
        if self.format != FORMAT {
            return Err(Failure::format(format!("the format is not {FORMAT}")));
        }
        match (self.kind, &self.client, &self.signed, &self.burns, &self.fails) {
            (VectorKind::Positive, Some(client), Some(signed), Some(burns), None) => {
                sign_anew(client, &self.request, signed)?;
                let proven = judge(&self.service, &self.request).map_err(refused)?;
                compare_burns(burns, &proven)
            }
            (VectorKind::Negative, None, None, None, Some(fails)) => match judge(&self.service, &self.request) {
                Ok(_) => Err(Failure::Accepted { at: AT.to_owned(), error: fails.error.clone() }),
                Err(Stop::Refused(fault)) => same_text("the error", &fails.error, fault.code()),
                Err(Stop::Failure(failure)) => Err(failure),
            },
            _ => Err(Failure::format("the members are not those of its kind")),
        }
    }
}

const AT: &str = "request";

/// What a client made, from which a worked example can be written.
pub(crate) struct Made {
    pub(crate) key: RequestKey,
    pub(crate) fields: SignatureFields,
    pub(crate) base: String,
}

/// Signs as the client of a positive does.
pub(crate) fn sign(client: &Client, request: &Request) -> Result<Made, Failure> {
    let exporter = Exporter::from_secret(secret(&client.exporter)?);
    let key = RequestKey::of(&exporter).map_err(|error| Failure::refused("request_key", error))?;
    let origin = origin(&client.origin)?;
    let target = target(&origin, request);
    let mut rng = FixedRng::of(&client.nonce.0);
    let session_id = sixteen(&client.session_id)?;
    let fields = key
        .sign(&target, &request.body.0, &session_id, UnixTime(client.created), &mut rng)
        .map_err(|error| Failure::refused("signing", error))?;
    let claimed = read_back(&fields)?;
    Ok(Made { key, base: claimed.signature_base(&target), fields })
}

fn read_back(fields: &SignatureFields) -> Result<ClaimedRequest, Failure> {
    let one =
        |name: &str| fields.headers().filter(|(other, _)| *other == name).map(|(_, value)| value.as_bytes()).collect();
    let [digest, input, signature]: [Vec<&[u8]>; 3] = [CONTENT_DIGEST, SIGNATURE_INPUT, SIGNATURE].map(one);
    let received = ReceivedFields { signature_input: &input, signature: &signature, content_digest: &digest };
    let claimed = ClaimedRequest::read(&received).map_err(|fault| refused(Stop::Refused(fault)))?;
    if claimed.fields() == *fields { Ok(claimed) } else { Err(Failure::format("fields that are read otherwise")) }
}

fn sign_anew(client: &Client, request: &Request, signed: &Signed) -> Result<(), Failure> {
    let made = sign(client, request)?;
    same("request_key", &signed.request_key.0, made.key.secret().expose())?;
    let (digest, mac) = (Base64::encode_string(&signed.digest.0), Base64::encode_string(&signed.mac.0));
    for (name, value) in made.fields.headers() {
        let (sent, computed) = match name {
            CONTENT_DIGEST => (&request.content_digest, format!("sha-256=:{digest}:")),
            SIGNATURE_INPUT => (&request.signature_input, format!("didshake={}", signed.signature_params)),
            _ => (&request.signature, format!("didshake=:{mac}:")),
        };
        let [sent] = sent.as_slice() else { return Err(Failure::format(format!("not one {name}"))) };
        same_text(name, sent, value)?;
        same_text(&format!("{name} of `signed`"), &computed, value)?;
    }
    same_text("signature_base", &signed.signature_base, &made.base)
}

fn compare_burns(burns: &Burns, proven: &ProvenRequest) -> Result<(), Failure> {
    same("the burned session", &burns.session_id.0, proven.session_id())?;
    same("the burned nonce", &burns.nonce.0, proven.nonce())?;
    same_text("burned until", &burns.until.to_string(), &proven.burned_until().0.to_string())
}

/// Why the service did not take a request, or the vector cannot be run.
enum Stop {
    Refused(RequestFault),
    Failure(Failure),
}

impl From<RequestFault> for Stop {
    fn from(fault: RequestFault) -> Self {
        Self::Refused(fault)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

fn refused(stop: Stop) -> Failure {
    match stop {
        Stop::Refused(fault) => Failure::Refused { at: AT.to_owned(), error: format!("{} ({fault})", fault.code()) },
        Stop::Failure(failure) => failure,
    }
}

/// What a shim says of a request: what is burned for it, or the error.
pub(crate) fn judged(service: &Value, request: &Value) -> serde_json::Result<Value> {
    let (service, request) = (Service::deserialize(service)?, Request::deserialize(request)?);
    Ok(match judge(&service, &request) {
        Ok(proven) => {
            let text = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
            json!({ "keyid": text(proven.session_id()), "nonce": text(proven.nonce()) })
        }
        Err(Stop::Refused(fault)) => json!({ "error": fault.code() }),
        Err(Stop::Failure(failure)) => json!({ "crash": failure.to_string() }),
    })
}

/// The service of section 15.6, with sessions and burned nonces from the file.
fn judge(service: &Service, request: &Request) -> Result<ProvenRequest, Stop> {
    let (input, signature, digest) =
        (values(&request.signature_input), values(&request.signature), values(&request.content_digest));
    let fields = ReceivedFields { signature_input: &input, signature: &signature, content_digest: &digest };
    let claimed = ClaimedRequest::read(&fields)?;
    claimed.check_time(UnixTime(service.now))?;
    let key = session_key(service, &claimed)?;
    let origin = origin(&service.origin)?;
    let proven = claimed.verify(&key, &target(&origin, request))?.with_body(&request.body.0)?;
    let (session, nonce) = (proven.session_id().as_slice(), proven.nonce().as_slice());
    let burned = service.burned.iter().any(|burned| burned.session_id.0 == session && burned.nonce.0 == nonce);
    if burned { Err(RequestFault::Replayed.into()) } else { Ok(proven) }
}

fn values(list: &[String]) -> Vec<&[u8]> {
    list.iter().map(String::as_bytes).collect()
}

fn session_key(service: &Service, claimed: &ClaimedRequest) -> Result<RequestKey, Stop> {
    let named = service.sessions.iter().find(|session| session.id.0 == claimed.session_id());
    let kept = named.ok_or(RequestFault::Session)?;
    if kept.origin != service.origin || !session(kept)?.is_live(UnixTime(service.now)) {
        return Err(RequestFault::Session.into());
    }
    let exporter = Exporter::from_secret(secret(&kept.exporter)?);
    Ok(RequestKey::of(&exporter).map_err(|error| Failure::refused("request_key", error))?)
}

fn session(kept: &KeptSession) -> Result<Session, Failure> {
    let malformed = |fault: Fault| Failure::refused("session", fault);
    let did = Did::parse(SOMEBODY).map_err(malformed)?;
    Ok(Session::from_parts(SessionParts {
        id: sixteen(&kept.id)?,
        fragment: Fragment::of(&did, "").map_err(malformed)?,
        did,
        algorithm: Algorithm::Ed25519,
        key: vec![0; 32],
        accepted: UnixTime(kept.accepted),
        lifetime: kept.lifetime,
        used: kept.used,
    }))
}

fn target<'a>(origin: &'a Origin, request: &'a Request) -> Target<'a> {
    Target { method: &request.method, origin, path: &request.path, query: request.query.as_deref() }
}

/// Vectors have origins as they are serialised.
fn origin(text: &str) -> Result<Origin, Failure> {
    match Origin::parse(text) {
        Ok(origin) if origin.as_str() == text => Ok(origin),
        _ => Err(Failure::format(format!("{text} is no serialised origin"))),
    }
}

fn sixteen(bytes: &Hex) -> Result<[u8; 16], Failure> {
    bytes.0.as_slice().try_into().map_err(|_| Failure::format("a session id or nonce is not 16 bytes"))
}

fn same_text(what: &str, expected: &str, found: &str) -> Result<(), Failure> {
    if expected == found {
        return Ok(());
    }
    let (expected, found) = (format!("`{expected}`"), format!("`{found}`"));
    Err(Failure::Differs { what: what.to_owned(), expected, found })
}
