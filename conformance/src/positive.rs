//! Positive vectors: a handshake that succeeds, with every intermediate value of both roles.

use crate::channel::{self, Channel};
use crate::check::{Checks, Step, Stop};
use crate::config::{Config, Hex};
use crate::identity::Peer;
use crate::play::{Played, play};
use crate::primitives::expand;
use crate::schedule::export;
use crate::vector::{Export, FORMAT, Handshake, Kind, Record, Role, Vector};

/// What a side says in the channel, or a run of records that are not listed.
#[derive(Clone, Debug)]
pub(crate) struct Say {
    pub(crate) from: Role,
    pub(crate) kind: u8,
    pub(crate) content: Vec<u8>,
    pub(crate) padding: usize,
    pub(crate) repeat: Option<u64>,
}

impl Say {
    pub(crate) fn new(from: Role, kind: u8, content: &[u8]) -> Say {
        Say { from, kind, content: content.to_vec(), padding: 0, repeat: None }
    }

    pub(crate) fn data(from: Role, content: &[u8]) -> Say {
        Say::new(from, channel::DATA, content)
    }

    pub(crate) fn padded(mut self, padding: usize) -> Say {
        self.padding = padding;
        self
    }

    pub(crate) fn repeated(mut self, records: u64) -> Say {
        self.repeat = Some(records);
        self
    }
}

/// A positive before it is played.
#[derive(Clone)]
pub(crate) struct Positive {
    pub(crate) id: &'static str,
    pub(crate) area: &'static str,
    pub(crate) about: &'static str,
    pub(crate) requirements: Vec<&'static str>,
    pub(crate) config: Config,
    pub(crate) script: Vec<Say>,
    pub(crate) exports: Vec<(String, Vec<u8>, u16)>,
    /// Lengths that the messages must have, where the specification states them.
    pub(crate) lengths: Vec<usize>,
}

/// The name of a content type.
pub(crate) fn content_type(kind: u8) -> Step<&'static str> {
    match kind {
        channel::DATA => Ok("data"),
        channel::CLOSE => Ok("close"),
        channel::KEY_UPDATE => Ok("key_update"),
        channel::ALERT => Ok("alert"),
        _ => Err(Stop::Broken("a content type without a name")),
    }
}

/// Plays records in both directions; every one is opened again in full.
pub(crate) fn converse(channel: &mut Channel, script: &[Say]) -> Step<Vec<Record>> {
    script.iter().map(|say| speak(channel, say)).collect()
}

fn speak(channel: &mut Channel, say: &Say) -> Step<Record> {
    let mut record = Record {
        from: say.from,
        repeat: say.repeat,
        kind: Some(content_type(say.kind)?.to_owned()),
        content: Some(Hex(say.content.clone())),
        padding: Some(say.padding),
        generation: None,
        sequence: None,
        wire: None,
    };
    if let Some(records) = say.repeat {
        channel.skip(say.from, records)?;
        return Ok(record);
    }
    let mut sealing = channel.next(say.from, channel::inner(say.kind, &say.content, say.padding));
    channel.seal(&mut sealing)?;
    record.generation = Some(sealing.generation);
    record.sequence = Some(sealing.sequence);
    let opened = channel.receive(Checks::all(), say.from, &sealing.whole, &sealing)?;
    if opened != Some((say.kind, say.content.clone())) {
        return Err(Stop::Broken("a record that opens to something else"));
    }
    record.wire = Some(Hex(sealing.whole));
    Ok(record)
}

impl Positive {
    /// Plays it and gives the vector.
    pub(crate) fn vector(&self) -> Step<Vector> {
        let played = play(&self.config, None, Checks::all())?;
        let lengths: Vec<usize> = played.messages.iter().map(|message| message.wire.0.len()).collect();
        if !self.lengths.is_empty() && lengths != self.lengths {
            return Err(Stop::Broken("messages of another length than the specification states"));
        }
        let handshake = handshake(&played)?;
        let mut channel = Channel::new(played.responder.suite, &played.responder.keys.ms);
        let records = converse(&mut channel, &self.script)?;
        let exports = self.exports.iter().map(|(label, context, length)| {
            let output = export(&played.initiator.keys, label.as_bytes(), context, *length)?;
            Ok(Export { label: label.clone(), context: Hex(context.clone()), length: *length, output: Hex(output) })
        });
        let exports = exports.collect::<Step<Vec<Export>>>()?;
        Ok(Vector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Positive,
            area: self.area.to_owned(),
            about: self.about.to_owned(),
            requirements: self.requirements.iter().map(|id| (*id).to_owned()).collect(),
            base: None,
            mutation: None,
            fails: None,
            config: self.config.clone(),
            messages: played.messages,
            handshake: Some(handshake),
            channel: Some(records).filter(|records| !records.is_empty()),
            exports: Some(exports).filter(|exports| !exports.is_empty()),
        })
    }
}

fn verified(peer: Option<&Peer>) -> Step<&Peer> {
    peer.ok_or(Stop::Broken("a handshake without a verified peer"))
}

fn handshake(played: &Played<'_>) -> Step<Handshake> {
    let (initiator, responder) = (&played.initiator, &played.responder);
    if initiator.keys != responder.keys || initiator.inputs != responder.inputs || initiator.suite != responder.suite {
        return Err(Stop::Broken("the two roles do not agree"));
    }
    let (keys, inputs) = (&initiator.keys, &initiator.inputs);
    let (as_responder, as_initiator) = (verified(initiator.peer.as_ref())?, verified(responder.peer.as_ref())?);
    let derive = |secret: &[u8], label: &str, length| expand(secret, label.as_bytes(), length).map(Hex);
    let hex = |bytes: &[u8]| Hex(bytes.to_vec());
    Ok(Handshake {
        th0: hex(&keys.th0),
        hello_th1: hex(&keys.th1),
        th2: hex(&keys.th2),
        th3: hex(&keys.th3),
        th4: hex(&keys.th4),
        dh: hex(&inputs.dh),
        hs: hex(&keys.hs),
        k_reply: hex(&keys.k_reply),
        k_finish: hex(&keys.k_finish),
        derived: hex(&keys.derived),
        ms: hex(&keys.ms),
        k_accept: hex(&keys.k_accept),
        i2r_0: hex(&keys.i2r_0),
        r2i_0: hex(&keys.r2i_0),
        i2r_0_key: derive(&keys.i2r_0, inputs.labels.key, 32)?,
        i2r_0_iv: derive(&keys.i2r_0, inputs.labels.iv, 12)?,
        r2i_0_key: derive(&keys.r2i_0, inputs.labels.key, 32)?,
        r2i_0_iv: derive(&keys.r2i_0, inputs.labels.iv, 12)?,
        exporter: hex(&keys.exporter),
        session_id: hex(&keys.session_id),
        resume: hex(&keys.resume),
        reply_identity: hex(&inputs.reply_identity),
        finish_identity: hex(&inputs.finish_identity),
        reply_signature_input: hex(&as_responder.signed),
        finish_signature_input: hex(&as_initiator.signed),
        reply_signature: hex(&as_responder.signature),
        finish_signature: hex(&as_initiator.signature),
        accept_plain: hex(&inputs.accept_plain),
        initiator_public_key: hex(&as_initiator.public_key),
        responder_public_key: hex(&as_responder.public_key),
    })
}
