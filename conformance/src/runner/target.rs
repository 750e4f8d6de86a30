//! Tier 3 over the network: the model is the initiator, and the responder is a program that runs.

mod endpoint;
pub(crate) mod http;
pub(crate) mod link;
pub(crate) mod trials;

use super::case::{Case, Outcome};
use super::catalogue::Models;
use super::live::Live;
use crate::config::Admission;
use crate::deviation::{Deviation, Token};
use crate::negative::{Fault, Negative};
use crate::positive::Positive;
use crate::primitives::TEST_SUITE;
use crate::vector::Role;
pub(crate) use endpoint::{Endpoint, Transport};
use link::Link;
use trials::Trial;

/// A running responder under test.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) endpoint: Endpoint,
}

/// A case that can be put to it.
pub(crate) enum TargetTest<'c> {
    Handshake(Box<Live<'c>>),
    Trial(Case, Trial),
}

/// Negatives that are none over HTTP.
const HTTP_KNOWS_NOT: [&str; 3] = ["n-hello-type-finish", "n-finish-type-hello", "n-hello2-needs-retry"];

impl Target {
    /// One of each transport, for a list of all cases.
    pub(crate) fn each() -> Result<Vec<Self>, String> {
        let somebody = "127.0.0.1:1/,did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        ["http", "ws", "tcp"].iter().map(|scheme| Self::parse(&format!("{scheme}={scheme}://{somebody}"))).collect()
    }

    /// Parses `NAME=URL,DID[,APPLICATION PROTOCOL]`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, rest) = text
            .split_once('=')
            .filter(|(name, _)| !name.contains(['/', ',']))
            .ok_or_else(|| format!("`{text}`: a target is NAME=URL,DID[,APPLICATION PROTOCOL]"))?;
        Ok(Self { name: name.to_owned(), endpoint: Endpoint::parse(rest)? })
    }

    /// Every case that makes sense at an endpoint whose configuration is not ours to choose.
    pub(crate) fn tests<'c>(&self, models: &'c Models, seed: u64) -> Vec<TargetTest<'c>> {
        let handshakes = models.live(|base, negative| self.handshake(base, negative, seed));
        let trials = trials::of(self.endpoint.transport);
        let trials = trials.into_iter().map(|(case, trial)| TargetTest::Trial(case, trial));
        handshakes.into_iter().map(Box::new).map(TargetTest::Handshake).chain(trials).collect()
    }

    fn handshake<'c>(&self, base: &'c Positive, negative: Option<&'c Negative>, seed: u64) -> Option<Live<'c>> {
        if negative.is_some_and(|negative| !self.carries(negative))
            || base.config.initiator.suites.contains(&TEST_SUITE)
        {
            return None;
        }
        let id = negative.map_or(base.id, |negative| negative.id);
        let id = format!("live/{}/{id}", self.endpoint.transport.name());
        let config = self.endpoint.adapt(&base.config)?;
        let mut live = Live::new(id, Role::Responder, config, base, negative, seed)?;
        live.config.initiator.expect = Admission::Did { did: self.endpoint.did.clone() };
        if negative.is_some_and(|negative| negative.check.alert() == Some(49)) {
            live.case = live.case.also(&["R-CHECK-8"]);
        }
        if self.endpoint.transport == Transport::Http {
            live.case = live.case.also(&["R-BIND-9", "R-BIND-11", "R-BIND-15"]);
        }
        Some(live)
    }

    /// Whether this binding can carry the fault, and the endpoint needs no configuration for it.
    fn carries(&self, negative: &Negative) -> bool {
        let Fault::Message(deviation) = &negative.fault else { return false };
        let http = self.endpoint.transport == Transport::Http;
        // Over HTTP the first byte says what a body is (R-BIND-18), and no request knows of another (R-RETRY-7).
        let carried = match deviation {
            Deviation::Token(Token::Missing | Token::Altered | Token::Truncated) | Deviation::Repeat => http,
            Deviation::Token(_) => false,
            _ => !http || !HTTP_KNOWS_NOT.contains(&negative.id),
        };
        carried && negative.setup.is_none()
    }

    pub(crate) fn run(&self, test: &TargetTest<'_>, seed: u64) -> Outcome {
        let run = || match test {
            TargetTest::Handshake(live) => {
                let mut link = Link::open(&self.endpoint)?;
                live.against_responder(&mut link)?.map_or(Ok(()), |stands| link.part(&stands))
            }
            TargetTest::Trial(_, trial) => trial.run(&self.endpoint, seed),
        };
        run().err().unwrap_or(Outcome::Passed)
    }
}

impl TargetTest<'_> {
    pub(crate) fn case(&self) -> &Case {
        match self {
            TargetTest::Handshake(live) => &live.case,
            TargetTest::Trial(case, _) => case,
        }
    }
}
