//! One session as bytes. Pure: `magic ‖ nonce ‖ sealed JSON`, where the associated data is the magic and the file's
//! name, which is made of the origin and of our DID. A file under another name does not open.

use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{AeadInOut, KeyInit, inout::InOutBuf};
use didshake::{Algorithm, Did, Fragment, LocalIdentity, Origin, Secret, SessionParts, UnixTime};
use didshake_did::IdentityName;
use rand_core::TryCryptoRng;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The longest file that is read: two DIDs of the longest kind, an origin, and keys.
pub(super) const MAX_SESSION_BYTES: usize = 16 * 1024;

const MAGIC: &[u8] = b"didshake session 1\n";
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// A session with a service, as the client keeps it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct StoredSession {
    /// Our name for the identity that we are there.
    pub(crate) name: IdentityName,
    /// Where its requests go, and nowhere else (R-REQ-7).
    pub(crate) origin: Origin,
    /// Who we are there.
    pub(crate) me: LocalIdentity,
    /// Whom the service proved to be, and for how long that counts.
    pub(crate) service: SessionParts,
    /// What its requests are signed with.
    pub(crate) request_key: Secret<32>,
}

impl StoredSession {
    /// From when on it no longer counts.
    pub(crate) fn expires(&self) -> UnixTime {
        self.service.accepted.plus(self.service.lifetime.into())
    }

    pub(crate) fn is_live(&self, now: UnixTime) -> bool {
        now < self.expires()
    }
}

/// Why bytes are no session of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Unopened {
    /// Not this form: another program's file, another version's, or one that was cut short.
    #[error("it is not a session file of this version")]
    Foreign,
    /// It does not open: changed, under another name, or under another key.
    #[error("it was changed or renamed, or belongs to another key")]
    Key,
}

/// What is sealed. Texts are borrowed from the wiped buffer, so that no copy of the key stays behind.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    name: &'a str,
    origin: &'a str,
    #[serde(borrow)]
    me: Party<'a>,
    #[serde(borrow)]
    service: Party<'a>,
    service_key: &'a str,
    session_id: &'a str,
    request_key: &'a str,
    accepted: u64,
    lifetime: u32,
}

/// A verification method.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Party<'a> {
    did: &'a str,
    fragment: &'a str,
    algorithm: u8,
}

/// The name of the file, without its extension.
pub(super) fn stem(origin: &Origin, did: &Did) -> String {
    let mut hash = Sha256::new();
    hash.update(b"didshake session file\0");
    hash.update(origin.as_str());
    // No origin and no DID has a space.
    hash.update(b" ");
    hash.update(did.as_str());
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn seal<R: TryCryptoRng>(
    session: &StoredSession,
    key: &Secret<32>,
    rng: &mut R,
) -> Result<Vec<u8>, R::Error> {
    let mut nonce = [0; NONCE_BYTES];
    rng.try_fill_bytes(&mut nonce)?;
    let mut plain = plain(session);
    let ad = associated_data(&stem(&session.origin, &session.me.did));
    let buffer = InOutBuf::from(plain.as_mut_slice());
    // The cipher refuses only what is longer than 256 GiB.
    let tag =
        cipher(key).encrypt_inout_detached(&nonce.into(), &ad, buffer).map(|tag| tag.to_vec()).unwrap_or_default();
    Ok([MAGIC, nonce.as_slice(), plain.as_slice(), tag.as_slice()].concat())
}

pub(super) fn open(file: &[u8], key: &Secret<32>, stem_of_file: &str) -> Result<StoredSession, Unopened> {
    let rest = file.strip_prefix(MAGIC).ok_or(Unopened::Foreign)?;
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unopened::Foreign)?;
    let (text, tag) = sealed.split_last_chunk::<TAG_BYTES>().ok_or(Unopened::Foreign)?;
    let mut plain = Zeroizing::new(text.to_vec());
    let buffer = InOutBuf::from(plain.as_mut_slice());
    cipher(key)
        .decrypt_inout_detached(nonce.into(), &associated_data(stem_of_file), buffer, tag.into())
        .map_err(|_| Unopened::Key)?;
    let session = read(&plain).ok_or(Unopened::Foreign)?;
    if stem(&session.origin, &session.me.did) == stem_of_file { Ok(session) } else { Err(Unopened::Key) }
}

fn cipher(key: &Secret<32>) -> ChaCha20Poly1305 {
    ChaCha20Poly1305::new(key.expose().into())
}

fn associated_data(stem: &str) -> Vec<u8> {
    [MAGIC, stem.as_bytes()].concat()
}

fn plain(session: &StoredSession) -> Zeroizing<Vec<u8>> {
    let StoredSession { name, origin, me, service, request_key } = session;
    let request_key = Zeroizing::new(hex::encode(request_key.expose()));
    let body = Body {
        name: name.as_str(),
        origin: origin.as_str(),
        me: Party { did: me.did.as_str(), fragment: me.fragment.as_str(), algorithm: me.algorithm as u8 },
        service: Party {
            did: service.did.as_str(),
            fragment: service.fragment.as_str(),
            algorithm: service.algorithm as u8,
        },
        service_key: &hex::encode(&service.key),
        session_id: &hex::encode(service.id),
        request_key: &request_key,
        accepted: service.accepted.0,
        lifetime: service.lifetime,
    };
    // Large enough from the start: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_SESSION_BYTES));
    // Writing texts and numbers into memory cannot fail.
    let _ = serde_json::to_writer(&mut *text, &body);
    text
}

fn read(plain: &[u8]) -> Option<StoredSession> {
    let body: Body<'_> = serde_json::from_slice(plain).ok()?;
    let (me, service) = (identity(&body.me)?, identity(&body.service)?);
    let mut id = [0; 16];
    hex::decode_to_slice(body.session_id, &mut id).ok()?;
    let mut request_key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(body.request_key, &mut *request_key).ok()?;
    Some(StoredSession {
        name: IdentityName::parse(body.name).ok()?,
        origin: Origin::parse(body.origin).ok().filter(|origin| origin.as_str() == body.origin)?,
        me,
        service: SessionParts {
            id,
            did: service.did,
            fragment: service.fragment,
            algorithm: service.algorithm,
            key: hex::decode(body.service_key).ok()?,
            accepted: UnixTime(body.accepted),
            lifetime: body.lifetime,
            used: true,
        },
        request_key: Secret::new(*request_key),
    })
}

fn identity(party: &Party<'_>) -> Option<LocalIdentity> {
    let did = Did::parse(party.did).ok()?;
    let fragment = Fragment::of(&did, party.fragment).ok()?;
    Some(LocalIdentity { did, fragment, algorithm: Algorithm::from_byte(party.algorithm)? })
}
