//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands::{
    admin, audit, backup, certs, chat, connect, demo, did, doctor, generate, id, inbox, inspect, listen, login, logout,
    mailbox, outbox, peer, pipe, relay, request, send, serve, sessions, vectors,
};

const AFTER_HELP: &str = "\
Examples:
  didshake demo                                    see a handshake, and attacks that fail
  didshake id new alice                            make an identity
  didshake listen --as bob --allow did:key:z6Mk…   wait for one peer
  didshake connect 127.0.0.1:7007 --as alice       meet it; type lines, end with Ctrl-D
  tar c . | didshake pipe HOST:PORT --as alice     send bytes, not lines; `listen --exec` takes them
  didshake mailbox open https://relay.example      let a relay take letters while you are away
  didshake id share --for bob                      a card for Bob; his: didshake peer add LINK --name bob
  didshake send bob 'see you at nine'              then, at Bob's: didshake inbox
  didshake login https://example.com --as alice    log in to a web service, then: didshake request GET URL

Exit codes:
  0  done                      4  refused by our own policy (unknown peer, not allowed)
  1  a check failed            5  network: cannot connect, time-out, connection cut
  2  wrong usage               6  a DID could not be resolved
  3  the peer is not           7  storage: key file, known peers or sessions cannot be
     authenticated                read or written";

/// Mutual authentication of two DID holders
#[derive(Parser)]
#[command(name = "didshake", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Clone)]
pub(crate) struct Global {
    /// Print JSON on standard output (`listen`, `connect`: one event a line) and never ask
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Never ask, not even on a terminal
    #[arg(long, global = true)]
    pub(crate) batch: bool,
    /// Log to standard error: -v what happens, -vv each step
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Form of the log
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub(crate) log_format: LogFormat,
    /// Where identities are kept [default: $XDG_DATA_HOME/didshake/identities]
    #[arg(long, global = true, env = "DIDSHAKE_IDENTITIES", hide_env = true, value_name = "DIR")]
    pub(crate) identities: Option<PathBuf>,
    /// Where known peers are kept [default: $XDG_CONFIG_HOME/didshake/known_peers]
    #[arg(long, global = true, env = "DIDSHAKE_KNOWN_PEERS", hide_env = true, value_name = "FILE")]
    pub(crate) known_peers: Option<PathBuf>,
    /// Where sessions with services are kept [default: $XDG_STATE_HOME/didshake/sessions]
    #[arg(long, global = true, env = "DIDSHAKE_SESSIONS", hide_env = true, value_name = "DIR")]
    pub(crate) sessions: Option<PathBuf>,
    /// Where contacts and letters are kept [default: $XDG_DATA_HOME/didshake/agent.sqlite]
    #[arg(long, global = true, env = "DIDSHAKE_AGENT_STORE", hide_env = true, value_name = "FILE")]
    pub(crate) agent_store: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    Text,
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make and show our own identities
    #[command(subcommand)]
    Id(id::Id),
    /// Look at DIDs
    #[command(subcommand)]
    Did(did::DidCommand),
    /// Wait for a peer and exchange lines with it
    Listen(listen::Listen),
    /// Meet a peer and exchange lines with it
    Connect(connect::Connect),
    /// Carry standard input and output to and from a peer
    Pipe(pipe::Pipe),
    /// Log in to a web service: both sides prove who they are
    Login(Box<login::Login>),
    /// Send a signed request of a session to a web service
    Request(request::Request),
    /// End a session
    Logout(logout::Logout),
    /// List the sessions with web services
    Sessions(sessions::Sessions),
    /// Invite people to a web service, and administer their accounts
    Admin(Box<admin::Admin>),
    /// Make certificates for HTTPS on this machine
    Certs(certs::Certs),
    /// Known peers: which DID belongs to a name or an address
    #[command(subcommand)]
    Peer(peer::Peer),
    /// Mailboxes of ours at relays, which take letters while we are away
    #[command(subcommand)]
    Mailbox(mailbox::Mailbox),
    /// Write a letter to somebody, who may be away
    Send(Box<send::Send>),
    /// Talk with a known peer, live or by letters
    Chat(Box<chat::Chat>),
    /// Show the letters that we wrote, and what became of them
    Outbox(Box<outbox::Outbox>),
    /// Fetch letters that came, and show them
    Inbox(Box<inbox::Inbox>),
    /// Take a message apart, field by field
    Inspect(inspect::Inspect),
    /// Run and show the test vectors
    #[command(subcommand)]
    Vectors(vectors::Vectors),
    /// Run the service that DID holders sign in to
    Serve(Box<serve::Serve>),
    /// Run a relay: where envelopes wait for those who are away
    Relay(Box<relay::Relay>),
    /// Check the audit log of a service
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Copy the database of a service, also while it runs
    Backup(backup::Backup),
    /// Put a backup back
    Restore(backup::Restore),
    /// Say what is wrong with a service, and what to do about it
    Doctor(doctor::Doctor),
    /// Watch a handshake, and attacks that fail, on this machine
    Demo(demo::Demo),
    /// Print a completion script for a shell
    Completions(generate::Completions),
    /// Print the manual page, or write one for each command
    Man(generate::Man),
}
