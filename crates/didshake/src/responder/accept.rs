//! The last step of the responder: th3 is burned, and Accept goes out.

use alloc::vec::Vec;

use super::WaitingResponder;
use crate::document::UnixTime;
use crate::error::{Error, Fault};
use crate::established::{Established, Role};
use crate::extension::Extensions;
use crate::identity::{LocalIdentity, VerifiedPeer};
use crate::schedule::{Exporter, MessageKey};
use crate::transcript::Transcript;
use crate::wire::{ACCEPT, AcceptBody, with_sealed};

/// The initiator is verified. What is left: the application's policy, and burning th3.
pub struct VerifiedInitiator {
    pub(super) waiting: WaitingResponder,
    pub(super) th4: Transcript,
    pub(super) initiator: VerifiedPeer,
}

/// What the store of burned handshakes said of th3. The store is the caller's: atomic, shared by all instances, apart
/// from sessions (R-STATE-5, R-STATE-7). Whoever writes `First` without asking one gives two channels to one Finish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Burn {
    /// It was not in the store, and now it is.
    First,
    /// It was in the store already: this Finish was accepted before.
    Again,
}

impl VerifiedInitiator {
    /// The verified initiator, for the application's policy.
    #[must_use]
    pub fn initiator(&self) -> &VerifiedPeer {
        &self.initiator
    }

    /// Which of our identities it met.
    #[must_use]
    pub fn identity(&self) -> &LocalIdentity {
        &self.waiting.identity
    }

    /// The value to burn, atomically and across all instances, after the policy said yes.
    #[must_use]
    pub fn th3(&self) -> &[u8; 32] {
        self.waiting.th3.as_bytes()
    }

    /// Until when th3 must stay burned; add the skew between the clocks of the instances.
    #[must_use]
    pub fn burned_until(&self) -> UnixTime {
        self.waiting.expires
    }

    /// The application's policy refuses the initiator.
    #[must_use]
    pub fn refuse(self) -> Error {
        Fault::PolicyRefused.into()
    }

    /// Gives the Accept to send and the channel. `lifetime` is in seconds; 0 where nothing outlives the connection.
    ///
    /// # Errors
    /// `finish_replayed` where th3 was burned before; [`Misuse::TooLong`](crate::Misuse::TooLong) where the extensions do not fit.
    pub fn accept(self, burn: Burn, lifetime: u32, extensions: Extensions) -> Result<(Vec<u8>, Established), Error> {
        if burn == Burn::Again {
            return Err(Fault::FinishReplayed.into());
        }
        self.prepare(lifetime, extensions)?.release(burn)
    }

    /// The same for a store that burns th3 and keeps the session in one step, and so has to know the session before. `lifetime` as in
    /// [`accept`](Self::accept).
    ///
    /// # Errors
    /// [`Misuse::TooLong`](crate::Misuse::TooLong) where the extensions do not fit.
    pub fn prepare(self, lifetime: u32, extensions: Extensions) -> Result<PreparedAccept, Error> {
        let waiting = self.waiting;
        let master = waiting.hs.master(self.th4)?;
        let plain = AcceptBody { lifetime, extensions }.encode()?;
        let sealed = MessageKey::new(waiting.suite, &master.accept_key()?)?.seal(self.th4, &plain)?;
        let message = with_sealed(alloc::vec![ACCEPT], &sealed)?;
        let established = Established::new(
            Role::Responder,
            waiting.suite,
            &master,
            AcceptBody::decode(&plain)?,
            self.initiator,
            waiting.identity,
            waiting.application_protocol,
        )?;
        Ok(PreparedAccept { th3: *waiting.th3.as_bytes(), burned_until: waiting.expires, message, established })
    }
}

/// Accept is made, and goes to nobody before th3 is burned (R-RESP-8): neither it nor the channel can be taken out without a [`Burn`].
pub struct PreparedAccept {
    th3: [u8; 32],
    burned_until: UnixTime,
    message: Vec<u8>,
    established: Established,
}

impl PreparedAccept {
    /// The verified initiator, for the application's policy.
    #[must_use]
    pub fn initiator(&self) -> &VerifiedPeer {
        &self.established.peer
    }

    /// The value to burn, as [`VerifiedInitiator::th3`].
    #[must_use]
    pub fn th3(&self) -> &[u8; 32] {
        &self.th3
    }

    /// Until when th3 must stay burned, as [`VerifiedInitiator::burned_until`].
    #[must_use]
    pub fn burned_until(&self) -> UnixTime {
        self.burned_until
    }

    /// A name for this handshake that both sides know: public, never a credential.
    #[must_use]
    pub fn session_id(&self) -> &[u8; 16] {
        &self.established.session_id
    }

    /// Keys for the application: what is kept with the burn, and given to nobody before.
    #[must_use]
    pub fn exporter(&self) -> &Exporter {
        &self.established.exporter
    }

    /// Gives the Accept to send and the channel.
    ///
    /// # Errors
    /// `finish_replayed` where th3 was burned before: what was prepared is wiped.
    pub fn release(self, burn: Burn) -> Result<(Vec<u8>, Established), Error> {
        match burn {
            Burn::First => Ok((self.message, self.established)),
            Burn::Again => Err(Fault::FinishReplayed.into()),
        }
    }
}
