//! Tier 3 over the network: the model is the initiator, and the responder is a program that runs.

mod endpoint;
mod http;
pub(crate) mod link;
mod trials;

use super::case::{Case, Outcome, Tier};
use super::dice::Dice;
use super::live::Live;
use crate::check::Checks;
use crate::config::Admission;
use crate::deviation::{Deviation, Token};
use crate::negative::{Fault, Negative};
use crate::play::play;
use crate::positive::Positive;
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
    pub(crate) fn tests<'c>(
        &self,
        positives: &'c [Positive],
        negatives: &'c [Negative],
        seed: u64,
    ) -> Vec<TargetTest<'c>> {
        let honest = positives.iter().filter_map(|positive| self.handshake(positive, None, seed));
        let bad = negatives.iter().filter_map(|negative| {
            let base = positives.iter().find(|positive| positive.id == negative.base)?;
            self.handshake(base, Some(negative), seed)
        });
        let trials =
            trials::of(self.endpoint.transport).into_iter().map(|(case, trial)| TargetTest::Trial(case, trial));
        honest.chain(bad).map(Box::new).map(TargetTest::Handshake).chain(trials).collect()
    }

    fn handshake<'c>(&self, base: &'c Positive, negative: Option<&'c Negative>, seed: u64) -> Option<Live<'c>> {
        let id = negative.map_or(base.id, |negative| negative.id);
        let id = format!("live/{}/{id}", self.endpoint.transport.name());
        let mut config = self.endpoint.adapt(&base.config)?;
        Dice::new(seed, &id).freshen(&mut config);
        match negative {
            None if base.config.initiator.suites.contains(&crate::primitives::TEST_SUITE) => return None,
            None => drop(play(&config, None, Checks::all()).ok()?),
            Some(negative) => self.portable(negative, &config)?,
        }
        config.initiator.expect = Admission::Did { did: self.endpoint.did.clone() };
        let (requirements, about) = match negative {
            Some(negative) => (negative.requirements_of_role(), negative.change.clone()),
            None => (base.requirements.iter().map(|id| (*id).to_owned()).collect(), base.about.to_owned()),
        };
        let denied = negative.is_some_and(|negative| negative.check.alert() == Some(49));
        let case = Case::new(id, Tier::Live, requirements, about).also(if denied { &["R-CHECK-8"] } else { &[] });
        let form: &[&str] = &["R-BIND-9", "R-BIND-11", "R-BIND-15"];
        let case = case.also(if self.endpoint.transport == Transport::Http { form } else { &[] });
        Some(Live { case, role: Role::Responder, config, base, negative })
    }

    /// Whether the negative is a single fault of an initiator, in this configuration.
    fn portable(&self, negative: &Negative, config: &crate::config::Config) -> Option<()> {
        let Fault::Message(deviation) = &negative.fault else { return None };
        let http = self.endpoint.transport == Transport::Http;
        // Over HTTP the first byte says what a body is (R-BIND-18), and no request knows of another (R-RETRY-7).
        if http && HTTP_KNOWS_NOT.contains(&negative.id) {
            return None;
        }
        let carried = match deviation {
            Deviation::Token(Token::Missing | Token::Altered | Token::Truncated) | Deviation::Repeat => http,
            Deviation::Token(_) => false,
            _ => true,
        };
        // With a setup, the fault is one of a configuration that the endpoint does not have.
        let portable = carried && negative.role == Role::Responder && negative.setup.is_none();
        (portable && negative.prove(config).is_ok()).then_some(())
    }

    pub(crate) fn run(&self, test: &TargetTest<'_>) -> Outcome {
        let run = || match test {
            TargetTest::Handshake(live) => {
                let mut link = Link::open(&self.endpoint)?;
                live.against_responder(&mut link)?.map_or(Ok(()), |stands| link.part(&stands))
            }
            TargetTest::Trial(_, trial) => trial.run(&self.endpoint),
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
