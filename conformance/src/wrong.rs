//! Implementations that do one thing wrong in what they send, each with the case that must name the fault.

use crate::channel::Sealing;
use crate::deviation::{self, Deviation};
use crate::initiator::{INITIATOR_LABEL, RESPONDER_LABEL};
use crate::model_shim::Broken;
use crate::schedule::Inputs;
use crate::sender::Signed;

macro_rules! wrongs {
    ($($variant:ident $name:literal $case:literal $meaning:literal;)*) => {
        /// One field that is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Wrong {
            $(
                #[doc = $meaning]
                $variant,
            )*
        }

        impl Wrong {
            /// Name, the case that has to fail, what is wrong.
            pub(crate) const ALL: &'static [(Wrong, &'static str, &'static str, &'static str)] =
                &[$((Wrong::$variant, $name, $case, $meaning),)*];
        }
    };
}

wrongs! {
    HelloNonce "hello-nonce" "live/fresh-randomness/initiator" "Every Hello has the same nonce.";
    ReplyNonce "reply-nonce" "live/fresh-randomness/responder" "Every Reply has the same nonce.";
    HelloSuites "hello-suites" "replay/p-key-ed25519/initiator" "Hello lists its suites in reverse.";
    HelloVersion "hello-version" "replay/p-key-ed25519/initiator" "Hello has version 2.";
    Binding "binding" "replay/p-binding-http/responder" "The binding does not enter th0.";
    Prologue "prologue" "replay/p-binding-http/responder" "The prologue does not enter th0.";
    ProtocolLabel "protocol-label" "replay/p-key-ed25519/responder" "th0 starts with another name.";
    ReplyLabel "reply-label" "replay/p-key-ed25519/responder" "k_reply has the label of k_finish.";
    FinishLabel "finish-label" "replay/p-key-ed25519/initiator" "k_finish has the label of k_reply.";
    DerivedLabel "derived-label" "replay/p-key-ed25519/responder" "ms comes from hs under another label.";
    AcceptLabel "accept-label" "replay/p-key-ed25519/responder" "k_accept has the label of the exporter.";
    ReplyRole "reply-role" "replay/p-key-ed25519/responder" "The responder signs the initiator's label.";
    FinishRole "finish-role" "replay/p-key-ed25519/initiator" "The initiator signs the responder's label.";
    FinishTranscript "finish-transcript" "replay/p-key-ed25519/initiator" "The initiator signs another hash than th3.";
    FinishPeer "finish-peer" "replay/p-key-ed25519/initiator" "The initiator does not sign the responder's DID.";
    SignedAlgorithm "signed-algorithm" "replay/p-key-ed25519/responder" "The signature does not cover the algorithm.";
    SignedExtensions "signed-extensions" "replay/p-extensions-ignored/responder" "The signature does not cover the extensions.";
    Padding "padding" "replay/p-key-ed25519/responder" "The Identity is not padded.";
    PaddingByte "padding-byte" "replay/p-key-ed25519/responder" "The padding ends in a one.";
    AssociatedData "associated-data" "replay/p-key-ed25519/responder" "Sealed parts have no associated data.";
    SealingNonce "sealing-nonce" "replay/p-key-ed25519/responder" "The nonce of sealed parts is not zero.";
    Lifetime "lifetime" "replay/p-key-ed25519/responder" "Accept's lifetime has 8 bytes.";
    RecordLabel "record-label" "replay/p-channel-data/initiator" "Record keys have the label of their iv.";
    RecordSequence "record-sequence" "replay/p-channel-data/initiator" "The sequence number is not in the nonce.";
    RecordDirection "record-direction" "replay/p-channel-data/initiator" "Both directions have one secret.";
    RecordAssociatedData "record-associated-data" "replay/p-channel-data/initiator" "Records have no associated data.";
    MailboxKeyLabel "mailbox-key-label" "replay/m-ed25519/owner" "The owner signs a mailbox key under the label of envelopes.";
    LetterRecipient "letter-recipient" "replay/m-ed25519/sender" "The signature of a letter does not cover whom it is for.";
    LetterAssociatedData "letter-associated-data" "replay/m-ed25519/sender" "A letter is sealed without associated data.";
    LetterPadding "letter-padding" "replay/m-ed25519/sender" "A letter is padded to the next but one size class.";
    LetterEnc "letter-enc" "replay/letter-fresh" "Every envelope has the same `enc`.";
    LetterZeros "letter-zeros" "replay/letter-low-order" "A letter is sealed to a key of low order.";
    CardToken "card-token" "replay/c-ed25519/owner" "The signature of a card does not cover the token.";
}

/// What `shim --wrong` knows: each name, and the id of the case that has to catch it.
pub fn wrongs() -> impl Iterator<Item = (&'static str, &'static str)> {
    Wrong::ALL.iter().map(|(_, name, case, _)| (*name, *case))
}

impl Wrong {
    pub(crate) fn named(name: &str) -> Option<Wrong> {
        Wrong::ALL.iter().find(|(_, known, ..)| *known == name).map(|(wrong, ..)| *wrong)
    }

    /// How it sends a message of this name.
    fn deviation(self, message: &str) -> Deviation {
        let inputs = |edit: fn(&mut Inputs)| Deviation::Inputs(Box::new(edit));
        let signed = |edit: fn(&mut Signed)| Deviation::Signed(Box::new(edit));
        let plain = |edit: fn(&mut Vec<u8>)| Deviation::Plain(Box::new(edit));
        let sealing = |edit: fn(&mut deviation::Sealing)| Deviation::Sealing(Box::new(edit));
        match (self, message) {
            (Wrong::HelloNonce, "hello") => Deviation::Hello(Box::new(|hello| hello.nonce = vec![7; 32])),
            (Wrong::HelloSuites, "hello") => Deviation::Hello(Box::new(|hello| {
                hello.suites = hello.suites.chunks(2).rev().flatten().copied().collect()
            })),
            (Wrong::HelloVersion, "hello") => Deviation::Hello(Box::new(|hello| hello.version = 2)),
            (Wrong::ReplyNonce, "reply") => Deviation::Reply(Box::new(|reply| reply.nonce = vec![7; 32])),
            (Wrong::Binding, "reply" | "finish") => inputs(|seen| seen.binding = 0),
            (Wrong::Prologue, "reply" | "finish") => inputs(|seen| seen.prologue.clear()),
            (Wrong::ProtocolLabel, "reply" | "finish") => inputs(|seen| seen.labels.protocol = "didshake/2"),
            (Wrong::ReplyLabel, "reply") => inputs(|seen| seen.labels.reply = seen.labels.finish),
            (Wrong::FinishLabel, "finish") => inputs(|seen| seen.labels.finish = seen.labels.reply),
            (Wrong::DerivedLabel, "accept") => inputs(|seen| seen.labels.derived = "didshake/1 master"),
            (Wrong::AcceptLabel, "accept") => inputs(|seen| seen.labels.accept = "didshake/1 exporter"),
            (Wrong::ReplyRole, "reply") => signed(|signed| signed.label = INITIATOR_LABEL.to_vec()),
            (Wrong::FinishRole, "finish") => signed(|signed| signed.label = RESPONDER_LABEL.to_vec()),
            (Wrong::FinishTranscript, "finish") => signed(|signed| signed.th.reverse()),
            (Wrong::FinishPeer, "finish") => signed(|signed| signed.peer = None),
            (Wrong::SignedAlgorithm, "reply" | "finish") => signed(|signed| signed.algorithm = 0),
            (Wrong::SignedExtensions, "reply" | "finish") => signed(|signed| signed.extensions.clear()),
            (Wrong::Padding, "reply" | "finish") => plain(|plain| plain.truncate(unpadded(plain))),
            (Wrong::PaddingByte, "reply" | "finish") => {
                plain(|plain| plain.iter_mut().rev().take(1).for_each(|byte| *byte = 1))
            }
            (Wrong::AssociatedData, "reply" | "finish" | "accept") => sealing(|seal| seal.associated_data.clear()),
            (Wrong::SealingNonce, "reply" | "finish" | "accept") => sealing(|seal| seal.nonce = vec![1; 12]),
            (Wrong::Lifetime, "accept") => plain(|plain| drop(plain.splice(0..0, [0; 4]))),
            _ => Deviation::None,
        }
    }

    fn record(self, sealing: &mut Sealing) {
        match self {
            Wrong::RecordLabel => sealing.labels.key = sealing.labels.iv,
            Wrong::RecordSequence => sealing.sequence = 0,
            Wrong::RecordDirection => sealing.direction = crate::vector::Role::Responder,
            Wrong::RecordAssociatedData => sealing.associated_data.clear(),
            _ => (),
        }
    }
}

/// Where the zeros begin that an Identity ends with.
fn unpadded(plain: &[u8]) -> usize {
    // The extension list before them is empty: two zero bytes that belong to it.
    plain.iter().rposition(|byte| *byte != 0).map_or(0, |last| (last + 3).min(plain.len()))
}

impl Broken {
    pub(crate) fn deviation(self, message: &str) -> Deviation {
        self.wrong.map_or(Deviation::None, |wrong| wrong.deviation(message))
    }

    pub(crate) fn record(self, sealing: &mut Sealing) {
        if let Some(wrong) = self.wrong {
            wrong.record(sealing);
        }
    }
}
