//! Relays that do one thing wrong, each with the case that must name the fault.

macro_rules! wrongs {
    ($($variant:ident $name:literal $case:literal $meaning:literal;)*) => {
        /// One thing that is wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Wrong {
            $(
                #[doc = $meaning]
                $variant,
            )*
        }

        impl Wrong {
            /// Name, the case that has to fail, what is wrong.
            pub(super) const ALL: &'static [(Wrong, &'static str, &'static str, &'static str)] =
                &[$((Wrong::$variant, $name, $case, $meaning),)*];
        }
    };
}

wrongs! {
    OpensAnew "opens-anew" "relay/open" "Opening a mailbox again gives another.";
    KeepsName "keeps-name" "relay/close" "A mailbox that is opened after it was closed has the old name.";
    OldKey "old-key" "relay/key" "The first mailbox key stays.";
    AnyKey "any-key" "relay/bad-keys" "Mailbox keys are not checked.";
    AnyOwner "any-owner" "relay/strangers" "Anybody answers the deposits of anybody.";
    NotSigned "not-signed" "relay/not-signed" "A request without signature is the last owner's.";
    KnownMailbox "known-mailbox" "relay/one-answer" "A mailbox that there is not has an answer of its own.";
    ExpiredToken "expired-token" "relay/one-answer" "A token that is over counts.";
    RevokesDeposits "revokes-deposits" "relay/revoked" "What waits under a token goes with it.";
    ListsNothing "lists-nothing" "relay/listed" "The list does not say what waits under a token.";
    TellsOthers "tells-others" "relay/other-token" "Each token is told of the deposits of all.";
    TakesSigned "takes-signed" "relay/says-who" "A deposit that is signed is taken.";
    ShowsOnce "shows-once" "relay/waiting" "What was shown is deleted.";
    AnswersAgain "answers-again" "relay/answers" "A later answer takes the place of the first.";
    NewestFirst "newest-first" "relay/order" "The newest deposit is shown first.";
    KeepsTwice "keeps-twice" "relay/again" "The same envelope again is another deposit.";
    NeverExpires "never-expires" "relay/expired" "Nothing expires.";
    NoWait "no-wait" "relay/long-poll" "Nobody waits for a deposit.";
    AnyEnvelope "any-envelope" "relay/malformed-envelope" "Envelopes are not looked at.";
    KeepsHalf "keeps-half" "relay/malformed-envelope" "What comes before a bad envelope is kept.";
    AnyExpiry "any-expiry" "relay/expires" "An expiry is not looked at.";
    AnyNumber "any-number" "relay/bodies" "More than 64 envelopes are taken.";
    NoWaitingLimit "no-waiting-limit" "relay/waiting-limit" "Any number of deposits waits under a token.";
    NoBytesLimit "no-bytes-limit" "relay/bytes-limit" "Any number of bytes waits under a token.";
    AnyMember "any-member" "relay/queries" "Members that are unknown, or there twice, are let pass.";
    NoPreflight "no-preflight" "relay/pages" "What a browser asks before a page may deposit is refused.";
    WithCredentials "with-credentials" "relay/pages" "A page of another origin may deposit with the cookies of its visitor.";
}

impl Wrong {
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, ..)| *known == name).map(|(wrong, ..)| *wrong)
    }
}
