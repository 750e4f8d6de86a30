//! Every intermediate of a handshake, computed from the configuration and the messages that came of it.

use std::collections::BTreeMap;

use didshake::schedule::{HandshakeSecret, Transcript};
use didshake::wire::{AcceptBody, Reply};
use didshake::{Extensions, Identity, LocalIdentity, Secret, Signature};

use crate::config;
use crate::format::{Config, Hex};
use crate::outcome::{Failure, same};
use crate::play::Played;

/// A value by the name that the vectors give it.
pub(crate) type Values = Vec<(&'static str, Vec<u8>)>;

/// All values, in the order of the vectors.
pub(crate) fn compute(config: &Config, played: &Played) -> Result<Values, Failure> {
    let message = |name: &str| {
        let found = played.messages.iter().rev().find(|(_, message, _)| *message == name).map(|(.., wire)| wire);
        found.ok_or_else(|| Failure::format(format!("there is no {name}")))
    };
    let hello = message("hello2").or_else(|_| message("hello"))?;
    let decoded = Reply::decode(message("reply")?).map_err(|fault| Failure::refused("reply", fault))?;
    let own = &played.initiator.identity;
    let reply_identity =
        plain(&played.responder_identity.identity, &config.responder.reply_extensions, played.reply_signature)?;
    let finish_identity = plain(own, &config.initiator.finish_extensions, played.finish_signature)?;
    let accept_plain =
        AcceptBody { lifetime: config.responder.lifetime, extensions: config::accept_extensions(config)? }.encode()?;

    let th0 = Transcript::start(&config::context(config)?)?;
    let th1 = th0.with_message(hello);
    let th2 = th1.with_message(decoded.clear);
    let th3 = th2.with_identity(&reply_identity)?;
    let th4 = th3.with_identity(&finish_identity)?;
    let hellos = played.messages.iter().filter(|(_, name, _)| name.starts_with("hello")).count();
    let dh = diffie_hellman(config, hellos, decoded.key_share)?;
    let hs = HandshakeSecret::extract(th2, &dh);
    let ms = hs.master(th4)?;
    let (i2r, r2i) = (ms.initiator_to_responder()?, ms.responder_to_initiator()?);
    let exporter = ms.exporter()?;
    same("th3 as the responder burns it", th3.as_bytes(), &played.th3)?;
    for side in [&played.initiator, &played.responder] {
        same("session_id of the handshake", &ms.session_id()?, &side.session_id)?;
        same("exporter of the handshake", exporter.secret().expose(), side.exporter.secret().expose())?;
    }

    let hash = |transcript: &Transcript| transcript.as_bytes().to_vec();
    Ok(vec![
        ("th0", hash(&th0)),
        ("hello_th1", hash(&th1)),
        ("th2", hash(&th2)),
        ("th3", hash(&th3)),
        ("th4", hash(&th4)),
        ("dh", bytes(&dh)),
        ("hs", bytes(hs.secret())),
        ("k_reply", bytes(&hs.reply_key()?)),
        ("k_finish", bytes(&hs.finish_key()?)),
        ("derived", bytes(&hs.derived()?)),
        ("ms", bytes(ms.secret())),
        ("k_accept", bytes(&ms.accept_key()?)),
        ("i2r_0", bytes(i2r.secret())),
        ("r2i_0", bytes(r2i.secret())),
        ("i2r_0_key", bytes(&i2r.key()?)),
        ("i2r_0_iv", bytes(&i2r.iv()?)),
        ("r2i_0_key", bytes(&r2i.key()?)),
        ("r2i_0_iv", bytes(&r2i.iv()?)),
        ("exporter", bytes(exporter.secret())),
        ("session_id", ms.session_id()?.to_vec()),
        ("resume", bytes(&ms.resumption(&accept_plain)?)),
        ("reply_identity", reply_identity),
        ("finish_identity", finish_identity),
        ("reply_signature_input", played.reply_signature_input.clone()),
        ("finish_signature_input", played.finish_signature_input.clone()),
        ("reply_signature", played.reply_signature.to_vec()),
        ("finish_signature", played.finish_signature.to_vec()),
        ("accept_plain", accept_plain),
        ("initiator_public_key", played.responder.peer.key().as_bytes().to_vec()),
        ("responder_public_key", played.initiator.peer.key().as_bytes().to_vec()),
    ])
}

/// Compares every value with the vector's, which has all of them and no other.
pub(crate) fn check(values: &Values, given: Option<&BTreeMap<String, Hex>>) -> Result<(), Failure> {
    let given = given.ok_or_else(|| Failure::format("a positive without `handshake`"))?;
    for (name, value) in values {
        let expected = given.get(*name).ok_or_else(|| Failure::format(format!("`handshake` lacks `{name}`")))?;
        same(name, &expected.0, value)?;
    }
    match given.keys().find(|name| !values.iter().any(|(known, _)| known == name)) {
        None => Ok(()),
        Some(unknown) => Err(Failure::format(format!("`handshake` has an unknown `{unknown}`"))),
    }
}

fn bytes<const N: usize>(secret: &Secret<N>) -> Vec<u8> {
    secret.expose().to_vec()
}

fn plain(
    local: &LocalIdentity,
    extensions: &[crate::format::Extension],
    signature: Signature,
) -> Result<Vec<u8>, Failure> {
    let list = extensions.iter().map(|one| didshake::Extension {
        id: one.id,
        critical: one.critical,
        body: one.body.0.clone(),
    });
    let LocalIdentity { did, fragment, algorithm } = local.clone();
    Ok(Identity { did, fragment, algorithm, signature, extensions: Extensions::new(list.collect())? }.encode()?)
}

/// The initiator's ephemeral secret of its last Hello with the responder's share.
fn diffie_hellman(config: &Config, hellos: usize, share: &[u8]) -> Result<Secret<32>, Failure> {
    let used = config
        .initiator
        .ephemeral_secrets
        .get(hellos.saturating_sub(1))
        .ok_or_else(|| Failure::format("no ephemeral secret"))?;
    let secret = x25519_dalek::StaticSecret::from(*config::secret(used)?.expose());
    let share: [u8; 32] = share.try_into().map_err(|_| Failure::format("a share is not 32 bytes"))?;
    Ok(Secret::new(secret.diffie_hellman(&x25519_dalek::PublicKey::from(share)).to_bytes()))
}
