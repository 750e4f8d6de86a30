//! `didshake relay`.

use clap::Args;
use didshake_server::{Settings, StoreUrl, default_directory};

use crate::cli::Global;
use crate::commands::serve::Start;
use crate::failure::Failure;
use crate::more_methods::MoreMethods;
use crate::passphrase::PassphraseSource;

const AFTER_HELP: &str = "\
A relay keeps envelopes for those who are away, and passes bytes between two who cannot reach each other. It reads
nothing of that, and keeps nothing of who left an envelope: no address, no DID. Who has a mailbox here logs in with its
DID; whoever has been given a deposit token by it may leave envelopes there, and needs no account.

It is `didshake serve` with the relay on. Every further setting can be given as there, in the environment:
DIDSHAKE_RATE_DEPOSITS, DIDSHAKE_MAILBOX_WAITING, DIDSHAKE_MAILBOX_BYTES, DIDSHAKE_CIRCUIT_BYTES, DIDSHAKE_MAX_MAILBOXES,
DIDSHAKE_DISK_RESERVE and so on (deploy/didshake.toml names them all).

Several relays share one PostgreSQL (--store): what is left at one is fetched from another.

Examples:
  didshake relay                                       for anyone, on 127.0.0.1:8400, to try it
  didshake relay --listen 0.0.0.0:443 --origin https://relay.example --tls-cert chain.pem --tls-key key.pem
  didshake relay --for did:key:z6Mk… --for did:web:example.com        mailboxes for these two alone
  didshake relay --for policy.toml                     for whomever the rules of a policy allow

Exit codes: 0 ended in order, 2 configuration, 5 cannot listen, 7 storage or identity.";

/// The variables of the environment that count where an option with a default of this command is not given.
const DATA: &str = "DIDSHAKE_DATA";
const MAILBOXES: &str = "DIDSHAKE_MAILBOXES";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Relay {
    /// Where to listen; port 0 takes a free one [default: 127.0.0.1:8400]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<String>,
    /// The origin that clients use (repeatable) [default: that of a loopback --listen]
    #[arg(long, value_name = "URL")]
    origin: Vec<String>,
    /// Who may open a mailbox: anyone, a DID (repeatable), or a policy file [default: anyone]
    #[arg(long = "for", value_name = "WHO")]
    owners: Vec<String>,
    /// Where the database and the identity are kept [default: $XDG_STATE_HOME/didshake/relay]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// PostgreSQL in place of SQLite, for several relays: best in the environment, as DIDSHAKE_STORE
    #[arg(long, value_name = "postgres://…")]
    store: Option<String>,
    /// Who the relay is: an identity of ours [default: one of its own]
    #[arg(long = "as", value_name = "NAME")]
    identity: Option<String>,
    /// The TLS certificate chain, in PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Its key, in PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// A proxy whose X-Forwarded-For counts (repeatable)
    #[arg(long, value_name = "CIDR")]
    trusted_proxy: Vec<String>,
    /// Requests that one address may make to deposit [default: 6000/min]
    #[arg(long, value_name = "N/min")]
    rate_deposits: Option<String>,
    #[command(flatten)]
    more: MoreMethods,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

pub(crate) fn run(global: &Global, options: &Relay) -> Result<(), Failure> {
    let list = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
    let unless_set = |name: &str, default: Option<String>| default.filter(|_| std::env::var_os(name).is_none());
    let own_directory = || {
        let path = default_directory()?.with_file_name("relay");
        unless_set(DATA, path.to_str().map(str::to_owned))
    };
    let settings = Settings {
        listen: options.listen.clone(),
        public_url: list(&options.origin),
        mailboxes: list(&options.owners).or_else(|| Some(vec![unless_set(MAILBOXES, Some("anyone".into()))?])),
        data: options.data.clone().or_else(own_directory),
        store: options.store.clone().map(StoreUrl),
        identity: options.identity.clone(),
        tls_cert: options.tls_cert.clone(),
        tls_key: options.tls_key.clone(),
        trusted_proxy: list(&options.trusted_proxy),
        rate_deposits: options.rate_deposits.clone(),
        ..Settings::default()
    };
    let (more, passphrase) = (&options.more, &options.passphrase);
    Start { settings, config: None, more, passphrase, check_config: false, invites_owner: false }.run(global)
}
