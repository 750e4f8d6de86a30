//! Whom `connect` and `pipe` meet, and over what.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use didshake::Did;
use didshake_peer::{HandshakeError, InitiatorOptions, KnownPeers, PeerName, connect};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tracing::Instrument;

use crate::channel::Channel;
use crate::cli::Global;
use crate::expected::{Expected, Place, Question};
use crate::failure::{Exit, Failure};
use crate::input::Lines;
use crate::meeting::{CHAT, Guard, Meeting};
use crate::peer_failure::{Role, failure};
use crate::progress::Waiting;
use crate::web_failures::WebFailures;
use crate::wire::{self, Carrier, UNIX, Wire};
use crate::{contact, output, peer_log, storage};

const DIAL: Duration = Duration::from_secs(10);

#[derive(Args)]
pub(crate) struct Target {
    /// Where the peer listens: HOST:PORT, or unix:PATH for a socket of this machine; or the NAME of a known peer with a card
    #[arg(value_name = "TARGET")]
    target: Option<String>,
    /// Reach the peer through the standard input and output of this command (`sh -c CMD`)
    #[arg(long, value_name = "CMD", conflicts_with = "target")]
    exec: Option<String>,
    /// Whom we mean: a DID, or the name of a known peer
    #[arg(long, value_name = "DID_OR_NAME")]
    expect: Option<String>,
    /// Tell the peer, blinded, which of its DIDs we mean (needed if it has several)
    #[arg(long)]
    recipient: bool,
    #[command(flatten)]
    meeting: Meeting,
}

/// How the peer is reached.
#[derive(Clone)]
enum Way {
    Wire(Lead),
    /// Where its card says.
    Contact(Did),
}

/// What leads to the peer and no further.
#[derive(Clone)]
enum Lead {
    Tcp(PeerName),
    Unix(PathBuf),
    Command(String),
    Stdio,
}

/// What is needed to meet the peer.
pub(crate) struct Attempt<'a> {
    global: &'a Global,
    meeting: &'a Meeting,
    way: Way,
    place: Place,
    expected: Expected,
    options: InitiatorOptions,
    guard: Guard,
    failures: WebFailures,
}

/// A peer that was met.
pub(crate) struct Met {
    channel: Channel,
    after: After,
}

/// What is waited for when the channel is over.
pub(crate) struct After {
    /// The command that carries the channel.
    carrier: Option<Carrier>,
    /// Notes that the peer was met. Not before the channel is used: the peer may be in a hurry.
    noted: JoinHandle<()>,
}

impl Target {
    pub(crate) fn meeting(&self) -> &Meeting {
        &self.meeting
    }

    /// Reads what was said, and loads who we are. Where standard input is data, `may_ask` is false: nobody is asked whom we
    /// mean.
    pub(crate) fn attempt<'a>(
        &'a self,
        global: &'a Global,
        stdio: bool,
        may_ask: bool,
    ) -> Result<Attempt<'a>, Failure> {
        let peers = storage::known_peers(global)?;
        let (way, name) = self.way(stdio, &peers)?;
        let place =
            Place::of_peer(name.clone().map_or_else(|| PeerName::parse("(this-command)"), Ok).map_err(not_a_name)?);
        let expected = match (&self.expect, &name) {
            (None, None) => return Err(unknown("what answers there")),
            _ => Expected::find(global, &place, self.expect.as_deref(), &peers)?,
        };
        if matches!(expected, Expected::Ask) && !may_ask {
            return Err(unknown(place.name.as_str()));
        }
        let identity = self.meeting.load(global)?;
        let mut options = InitiatorOptions::new(identity, CHAT, expected.rule());
        let (surroundings, failures) = self.meeting.surroundings()?;
        options.surroundings = surroundings;
        options.recipient = self.recipient;
        let guard = self.meeting.guard(&options.surroundings);
        Ok(Attempt { global, meeting: &self.meeting, way, place, expected, options, guard, failures })
    }

    /// The way, and the name under which the peer may be known, if it can have one.
    fn way(&self, stdio: bool, peers: &KnownPeers) -> Result<(Way, Option<PeerName>), Failure> {
        if let Some(command) = &self.exec {
            return Ok((Way::Wire(Lead::Command(command.clone())), None));
        }
        let target = match &self.target {
            Some(target) => target,
            None if stdio => return Ok((Way::Wire(Lead::Stdio), None)),
            None => {
                return Err(Failure::new(Exit::Usage, "target", "it is not said where the peer is").remedy(
                    "give HOST:PORT, unix:PATH, or the name of a known peer; or a command that leads there: --exec CMD",
                ));
            }
        };
        if let Some(path) = target.strip_prefix(UNIX).filter(|path| !path.is_empty()) {
            // Names of peers are not told apart by upper case, and paths are.
            let name = PeerName::parse(target).ok().filter(|name| name.as_str() == target);
            return Ok((Way::Wire(Lead::Unix(path.into())), name));
        }
        let name = PeerName::parse(target).ok();
        if let Some(address) = name.clone().filter(|address| is_host_and_port(address.as_str())) {
            return Ok((Way::Wire(Lead::Tcp(address.clone())), Some(address)));
        }
        if let Some(peer) = name.and_then(|name| peers.find(&name)) {
            return Ok((Way::Contact(peer.did.clone()), Some(peer.name.clone())));
        }
        Err(Failure::new(
            Exit::Usage,
            "address",
            format!("`{target}` is neither HOST:PORT nor unix:PATH nor the name of a known peer"),
        )
        .remedy(
            "for instance bob.example:7007, 192.0.2.1:7007, [2001:db8::1]:7007, or unix:/run/bob; a name comes with a card: \
             `didshake peer add CARD --name NAME`",
        ))
    }
}

fn not_a_name(fault: didshake_peer::NameFault) -> Failure {
    Failure::new(Exit::Usage, "address", fault.to_string())
}

fn unknown(whom: &str) -> Failure {
    Failure::new(Exit::Policy, "unknown_peer", format!("{whom} is not a known peer, and nobody can be asked here"))
        .remedy("say whom you mean with --expect DID_OR_NAME")
}

/// A name or an address, IPv6 in brackets, and a port that can be reached.
fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else {
        return false;
    };
    let digits = port.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits && port.parse::<u16>().is_ok_and(|port| port > 0);
    let host = match host.strip_prefix('[') {
        Some(_) => text.parse::<std::net::SocketAddrV6>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)),
    };
    host && port
}

impl Attempt<'_> {
    /// Meets the peer. `lines` are for the question whom we mean, where that is open.
    pub(crate) async fn meet(mut self, lines: Option<&Arc<Mutex<Lines>>>) -> Result<Met, Failure> {
        let waiting = Arc::new(Waiting::on(format!("meeting {}", self.place.name), self.global.json));
        let lead = match self.way.clone() {
            Way::Contact(did) => return self.meet_contact(&did, &waiting).await,
            Way::Wire(lead) => lead,
        };
        let (wire, carrier) = lead.dial().await?;
        let question = lines.filter(|_| matches!(self.expected, Expected::Ask)).map(|lines| {
            Question::of(
                &self.place,
                &self.options.surroundings,
                &self.meeting.documents.web,
                (lines.clone(), waiting.clone()),
            )
        });
        let question = question.transpose()?;
        if let Some(question) = &question {
            self.options.surroundings.policy = Some(question.clone());
        }
        let span = tracing::error_span!("attempt", to = %self.place.name);
        let outcome = connect(wire, &self.options).instrument(span).await;
        waiting.pause();
        match outcome {
            Ok(connection) => {
                let channel = connection.into();
                self.guard.watch(&channel);
                if let Some(question) = &question {
                    question.remember(self.global).await?;
                }
                let after = self.after(&channel, carrier);
                Ok(Met { channel, after })
            }
            Err(error) => {
                tell_end(carrier).await;
                let refused = question.as_ref().and_then(|question| question.refusal());
                Err(refused.unwrap_or_else(|| self.failure(&error)))
            }
        }
    }

    /// At an endpoint of the card, or through the relay. Whom we mean is known.
    async fn meet_contact(&self, did: &Did, waiting: &Waiting) -> Result<Met, Failure> {
        let (identity, surroundings) = (self.options.identity.clone(), self.options.surroundings.clone());
        let post = self.meeting.post(self.global, identity, surroundings, self.failures.clone()).await?;
        let span = tracing::error_span!("attempt", to = %self.place.name);
        let meeting = contact::meet(&post, (&self.place.name, did), &self.options, |error| self.failure(error));
        let outcome = meeting.instrument(span).await;
        waiting.pause();
        let (channel, to) = outcome?;
        if !self.global.json {
            output::note(&format!("Reached {} by way of {to}", self.place.name));
        }
        self.guard.watch(&channel);
        let after = self.after(&channel, None);
        Ok(Met { channel, after })
    }

    fn after(&self, channel: &Channel, carrier: Option<Carrier>) -> After {
        let (global, peer) = (self.global.clone(), channel.agreed().peer.clone());
        let resolver = self.options.surroundings.resolver.clone();
        After { carrier, noted: tokio::spawn(async move { peer_log::met(&global, &peer, &*resolver).await }) }
    }

    fn failure(&self, error: &HandshakeError) -> Failure {
        let changed = self.expected.failure(&self.place, error);
        changed.unwrap_or_else(|| failure(error, Role::Initiator, &self.failures))
    }
}

impl Met {
    /// The channel, and what is to be waited for after it.
    pub(crate) fn apart(self) -> (Channel, After) {
        (self.channel, self.after)
    }
}

impl After {
    /// Waits for all of it.
    pub(crate) async fn end(self) {
        tell_end(self.carrier).await;
        // It has told itself what went wrong.
        let _ = self.noted.await;
    }
}

/// A command that failed says why nothing came of it.
async fn tell_end(carrier: Option<Carrier>) {
    if let Some(carrier) = carrier
        && let Some(how) = carrier.end().await
    {
        output::note(&format!("The command that led to the peer has ended: {how}"));
    }
}

impl Lead {
    async fn dial(self) -> Result<(Wire, Option<Carrier>), Failure> {
        let unreachable = |cause: String| Failure::new(Exit::Network, "network", cause);
        match self {
            Self::Tcp(address) => Ok((dial(&address).await?, None)),
            Self::Unix(path) => {
                let stream = UnixStream::connect(&path).await.map_err(|error| {
                    unreachable(format!("cannot connect to {UNIX}{}: {error}", path.display()))
                        .remedy("is the peer listening there? `didshake listen unix:PATH`")
                })?;
                Ok((Box::new(stream), None))
            }
            Self::Command(command) => {
                let (wire, carrier) = Carrier::start(&command).map_err(|error| {
                    Failure::new(Exit::Check, "exec", format!("cannot run `sh -c`: {error}"))
                        .remedy("is there a shell in the PATH?")
                })?;
                Ok((wire, Some(carrier)))
            }
            Self::Stdio => Ok((wire::of_stdio(), None)),
        }
    }
}

async fn dial(address: &PeerName) -> Result<Wire, Failure> {
    let unreachable = |cause: String| {
        Failure::new(Exit::Network, "network", format!("cannot connect to {address}: {cause}"))
            .remedy("is the peer listening there? `didshake listen` says its address")
    };
    let stream = timeout(DIAL, TcpStream::connect(address.as_str())).await;
    let stream = stream.map_err(|_| unreachable(format!("no answer within {} s", DIAL.as_secs())))?;
    let stream = stream.map_err(|error| unreachable(error.to_string()))?;
    wire::tend(&stream)?;
    Ok(Box::new(stream))
}
