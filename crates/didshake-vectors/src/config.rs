//! From a vector's configuration to what the protocol takes.

use std::sync::Arc;

use didshake::{
    Admission, Aead, Algorithm, Binding, Context, Did, Extension, Extensions, Fault, Fragment, Group, InitiatorConfig,
    LocalIdentity, ResponderConfig, Secret, SigningKey, Suite, UnixTime, VerifiedPeer,
};

use crate::format::{self, Config, Policy};
use crate::outcome::Failure;
use crate::rng::FixedRng;

/// An identity with its key.
pub(crate) struct Holder {
    pub(crate) identity: LocalIdentity,
    pub(crate) key: SigningKey,
}

pub(crate) fn holder(identity: &format::Identity) -> Result<Holder, Failure> {
    let refused = |fault: Fault| Failure::refused("configuration: identity", fault);
    let did = Did::parse(&identity.did).map_err(refused)?;
    let fragment = Fragment::of(&did, &identity.fragment).map_err(refused)?;
    let algorithm = Algorithm::from_byte(identity.algorithm).ok_or(Fault::UnknownAlgorithm).map_err(refused)?;
    let key = SigningKey::from_secret(algorithm, &secret(&identity.secret_key)?).map_err(refused)?;
    Ok(Holder { identity: LocalIdentity { did, fragment, algorithm }, key })
}

pub(crate) fn secret(bytes: &format::Hex) -> Result<Secret<32>, Failure> {
    bytes.0.as_slice().try_into().map(Secret::new).map_err(|_| Failure::format("a secret is not 32 bytes"))
}

pub(crate) fn context(config: &Config) -> Result<Context, Failure> {
    let binding = match config.binding {
        1 => Binding::Stream,
        2 => Binding::WebSocket,
        3 => Binding::Http,
        4 => Binding::Relay,
        _ => return Err(Failure::format("an unknown binding")),
    };
    Ok(Context::new(binding, config.prologue.0.clone())?)
}

pub(crate) fn now(config: &Config) -> UnixTime {
    UnixTime(config.now)
}

pub(crate) fn initiator(config: &Config) -> Result<Arc<InitiatorConfig>, Failure> {
    let given = &config.initiator;
    let protocol = given.application_protocol.as_bytes();
    Ok(Arc::new(InitiatorConfig {
        suites: suites(&given.suites)?,
        first_group: group(given.first_group)?,
        recipient: given.recipient,
        hello_extensions: extensions(&given.hello_extensions)?,
        finish_extensions: extensions(&given.finish_extensions)?,
        ..InitiatorConfig::new(holder(&given.identity)?.identity, protocol, admission(&given.expect)?)
    }))
}

pub(crate) fn responder(config: &Config) -> Result<Arc<ResponderConfig>, Failure> {
    let given = &config.responder;
    let identities: Result<Vec<LocalIdentity>, Failure> =
        given.identities.iter().map(|one| Ok(holder(one)?.identity)).collect();
    Ok(Arc::new(ResponderConfig {
        identities: identities?,
        default_identity: given.default_identity,
        other_own_dids: Vec::new(),
        suites: suites(&given.suites)?,
        known_suites: vec![test_suite()?],
        application_protocols: given.application_protocols.iter().map(|text| text.as_bytes().to_vec()).collect(),
        admission: admission(&given.admit)?,
        reply_extensions: extensions(&given.reply_extensions)?,
    }))
}

pub(crate) fn accept_extensions(config: &Config) -> Result<Extensions, Failure> {
    extensions(&config.responder.accept_extensions)
}

/// The randomness of the initiator: for each Hello an ephemeral secret, then a nonce.
pub(crate) fn initiator_rng(config: &Config) -> FixedRng {
    let given = &config.initiator;
    FixedRng::new(
        given.ephemeral_secrets.iter().map(|hex| hex.0.as_slice()).zip(given.nonces.iter().map(|hex| hex.0.as_slice())),
    )
}

/// The randomness of the responder, for its Reply.
pub(crate) fn responder_rng(config: &Config) -> FixedRng {
    let given = &config.responder;
    FixedRng::new(std::iter::once((given.ephemeral_secret.0.as_slice(), given.nonce.0.as_slice())))
}

/// Check 7.
pub(crate) fn allows(policy: &Policy, peer: &VerifiedPeer) -> bool {
    match policy {
        Policy::Allow { allow } => *allow,
        Policy::RefuseFragments { refuse_fragments } => {
            !refuse_fragments.iter().any(|text| text == peer.fragment().as_str())
        }
        Policy::RefuseDids { refuse_dids } => !refuse_dids.iter().any(|text| text == peer.did().as_str()),
    }
}

/// Suite 0xFE01: suite 1 with group 0xFE00, for vectors with a Retry.
fn test_suite() -> Result<Suite, Failure> {
    Ok(Suite::private_use(0xFE01, Group::private_use(0xFE00)?, Aead::ChaCha20Poly1305)?)
}

fn suites(ids: &[u16]) -> Result<Vec<Suite>, Failure> {
    let test = test_suite()?;
    let of = |id: &u16| Suite::ALL.into_iter().chain([test]).find(|suite| suite.id() == *id);
    ids.iter().map(|id| of(id).ok_or_else(|| Failure::format(format!("suite {id} is unknown")))).collect()
}

fn group(id: u16) -> Result<Group, Failure> {
    if id == Group::X25519.id() { Ok(Group::X25519) } else { Ok(Group::private_use(id)?) }
}

fn extensions(list: &[format::Extension]) -> Result<Extensions, Failure> {
    let list = list.iter().map(|one| Extension { id: one.id, critical: one.critical, body: one.body.0.clone() });
    Ok(Extensions::new(list.collect())?)
}

fn admission(given: &format::Admission) -> Result<Admission, Failure> {
    Ok(match given {
        format::Admission::Any { any } => {
            let any = *any;
            Admission::policy(move |_| any)
        }
        format::Admission::Did { did } => {
            Admission::only(Did::parse(did).map_err(|fault| Failure::refused("configuration: expected DID", fault))?)
        }
        format::Admission::Methods { methods } => {
            let methods = methods.clone();
            Admission::policy(move |claim| methods.iter().any(|method| method == claim.did().method()))
        }
    })
}
