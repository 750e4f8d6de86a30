//! Every check of a service by name, in the order in which it makes them. One at a time can be switched off.

use crate::check::Stop;

macro_rules! checks {
    ($($variant:ident $name:literal $code:literal $requirement:literal $meaning:literal;)*) => {
        /// One check of section 15.6.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum RequestCheck {
            $(
                #[doc = $meaning]
                $variant,
            )*
        }

        impl RequestCheck {
            /// Every check, in order.
            pub(crate) const ALL: &'static [RequestCheck] = &[$(RequestCheck::$variant,)*];

            /// The name that vectors use in `mutation.check`.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(RequestCheck::$variant => $name,)* }
            }

            /// The error code of a request that fails this check.
            pub(crate) const fn code(self) -> &'static str {
                match self { $(RequestCheck::$variant => $code,)* }
            }

            /// The requirement of the specification that demands it.
            pub(crate) const fn requirement(self) -> &'static str {
                match self { $(RequestCheck::$variant => $requirement,)* }
            }

            /// What it means, in one line.
            pub(crate) const fn meaning(self) -> &'static str {
                match self { $(RequestCheck::$variant => $meaning,)* }
            }
        }
    };
}

checks! {
    Signed "request_signed" "request_unsigned" "R-REQ-3" "`Signature-Input` or `Signature` is there; off: the sender's fields.";
    InputOnce "signature_input_once" "request_malformed" "R-REQ-4" "`Signature-Input` is there once; off: the first, or the sender's.";
    SignatureOnce "signature_once" "request_malformed" "R-REQ-4" "`Signature` is there once; off: the first, or the sender's.";
    DigestOnce "content_digest_once" "request_malformed" "R-REQ-4" "`Content-Digest` is there once; off: the first, or the sender's.";
    InputLabel "signature_input_label" "request_malformed" "R-REQ-4" "The signature is called `didshake`; off: anything before the first `=`.";
    InputComponents "signature_input_components" "request_malformed" "R-REQ-4" "The five components are listed, in their order and form; off: what is listed is what is signed.";
    InputParameters "signature_input_parameters" "request_malformed" "R-REQ-4" "The five parameters follow in their order, with nothing before, between or after them; off: they are found by name, others are ignored, and the sender's stands in for one that is missing.";
    InputCreated "signature_input_created" "request_malformed" "R-REQ-4" "`created` is 1 to 15 digits without sign or leading zeros; off: the sender's.";
    InputNonce "signature_input_nonce" "request_malformed" "R-REQ-4" "`nonce` is a string, 16 bytes in canonical unpadded base64url; off: the sender's.";
    InputSession "signature_input_keyid" "request_malformed" "R-REQ-4" "`keyid` is a string, 16 bytes in canonical unpadded base64url; off: the sender's.";
    InputAlgorithm "signature_input_alg" "request_malformed" "R-REQ-4" "`alg` is the string `hmac-sha256`; off: anything.";
    InputTag "signature_input_tag" "request_malformed" "R-REQ-4" "`tag` is the string `didshake.login/1`, and the last thing; off: anything.";
    SignatureForm "signature_form" "request_malformed" "R-REQ-4" "`Signature` is `didshake=` and 32 bytes in canonical base64 between colons; off: the sender's MAC.";
    DigestForm "content_digest_form" "request_malformed" "R-REQ-4" "`Content-Digest` is `sha-256=` and 32 bytes in canonical base64 between colons; off: the sender's digest.";
    Created "created_window" "request_time" "R-REQ-6" "`created` is no more than 60 s away from the service's clock.";
    SessionKnown "session_known" "request_session" "R-REQ-7" "The service has the session; off: the key that the sender signs with.";
    SessionLive "session_live" "request_session" "R-REQ-7" "The session is not over.";
    SessionOrigin "session_origin" "request_session" "R-REQ-7" "The session was made at the origin that the request is for.";
    MacKey "mac_key" "request_signature" "R-REQ-1" "Both sides sign with the exporter's request key; off: the sender's key.";
    MacMethod "mac_method" "request_signature" "R-REQ-5" "Both sides sign one method; off: the sender's.";
    MacAuthority "mac_authority" "request_signature" "R-REQ-5" "Both sides sign one authority, the service as it is configured; off: the sender's.";
    MacPath "mac_path" "request_signature" "R-REQ-5" "Both sides sign one path; off: the sender's.";
    MacQuery "mac_query" "request_signature" "R-REQ-5" "Both sides sign one query; off: the sender's.";
    MacDigest "mac_content_digest" "request_signature" "R-REQ-5" "Both sides sign one digest; off: the sender's.";
    MacParameters "mac_parameters" "request_signature" "R-REQ-5" "The parameters that are signed are those that are sent; off: the sender's.";
    MacBase "mac_base" "request_signature" "R-REQ-5" "The signed text has the form of RFC 9421; off: the sender's.";
    Mac "mac" "request_signature" "R-REQ-5" "The MAC is that of the signed text.";
    Digest "digest_of_body" "request_digest" "R-REQ-5" "The digest is that of the body that came.";
    NonceOnce "nonce_once" "request_replayed" "R-REQ-8" "The nonce is not burned yet for this session.";
}

impl RequestCheck {
    /// The check that refuses while all are on: what is signed is not compared part by part, a difference shows in the
    /// MAC.
    pub(crate) const fn shows_as(self) -> RequestCheck {
        match self {
            RequestCheck::MacKey
            | RequestCheck::MacMethod
            | RequestCheck::MacAuthority
            | RequestCheck::MacPath
            | RequestCheck::MacQuery
            | RequestCheck::MacDigest
            | RequestCheck::MacParameters
            | RequestCheck::MacBase => RequestCheck::Mac,
            own => own,
        }
    }
}

/// Which checks are on: all, or all but one.
#[derive(Clone, Copy)]
pub(crate) struct Checks {
    off: Option<RequestCheck>,
}

impl Checks {
    pub(crate) const fn all() -> Self {
        Self { off: None }
    }

    pub(crate) const fn all_but(check: RequestCheck) -> Self {
        Self { off: Some(check) }
    }

    pub(crate) fn off(self, check: RequestCheck) -> bool {
        self.off == Some(check)
    }

    /// Refuses when the check is on and does not hold.
    pub(crate) fn need(self, check: RequestCheck, holds: bool) -> Judged<()> {
        if holds || self.off(check) { Ok(()) } else { Err(Halt::Refused(check)) }
    }
}

/// Why the model stopped: the request was refused by a check, or the generator itself is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    Refused(RequestCheck),
    /// With the named check off, this one refuses: not a single fault.
    SecondFault(RequestCheck),
    Broken(&'static str),
}

/// The result of a step of the model.
pub(crate) type Judged<T> = Result<T, Halt>;

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Broken(what) => Halt::Broken(what),
            Stop::Refused(_) | Stop::SecondFault(_) => Halt::Broken("a check of the handshake"),
        }
    }
}
