//! Who signs a byte string that stands by itself (a mailbox key, a letter, a contact card): DID, fragment, algorithm.

use alloc::vec::Vec;

use crate::codec::{Reader, put_vec8, put_vec16};
use crate::crypto::{Algorithm, Signature};
use crate::did::{Did, Fragment, MAX_DID_BYTES};
use crate::error::{Fault, Misuse};
use crate::extension::Extensions;
use crate::identity::{Identity, LocalIdentity};

/// Seconds by which clocks may differ.
pub(crate) const SKEW_SECONDS: u64 = 60;
/// Bytes of every signature.
pub(crate) const SIGNATURE_BYTES: usize = 64;

/// Who signs, as these byte strings have it.
pub(crate) struct Signer {
    did: Did,
    fragment: Fragment,
    algorithm: Algorithm,
}

impl Signer {
    /// `malformed` is what a field that runs past the end is.
    pub(crate) fn read<E: Copy + From<Fault>>(reader: &mut Reader<'_>, malformed: E) -> Result<Self, E> {
        let length = reader.u16().map_err(|_| malformed)?;
        if usize::from(length) > MAX_DID_BYTES {
            return Err(Fault::DidSyntax.into());
        }
        let did = reader.take(length.into()).map_err(|_| malformed)?;
        let did = core::str::from_utf8(did).map_err(|_| Fault::DidSyntax).and_then(Did::parse)?;
        let fragment = reader.vec8().map_err(|_| malformed)?;
        let fragment = core::str::from_utf8(fragment).map_err(|_| Fault::FragmentRule)?;
        let fragment = Fragment::of(&did, fragment)?;
        let algorithm = reader.u8().map_err(|_| malformed)?;
        let algorithm = Algorithm::from_byte(algorithm).ok_or(Fault::UnknownAlgorithm)?;
        Ok(Self { did, fragment, algorithm })
    }

    pub(crate) fn with(self, signature: Signature) -> Identity {
        let Self { did, fragment, algorithm } = self;
        Identity { did, fragment, algorithm, signature, extensions: Extensions::default() }
    }
}

pub(crate) fn put_signer(out: &mut Vec<u8>, signer: &LocalIdentity) -> Result<(), Misuse> {
    if signer.did.has_single_method() != signer.fragment.as_str().is_empty() {
        return Err(Misuse::IdentityFragment);
    }
    put_vec16(out, signer.did.as_str().as_bytes())?;
    put_vec8(out, signer.fragment.as_str().as_bytes())?;
    out.push(signer.algorithm as u8);
    Ok(())
}
