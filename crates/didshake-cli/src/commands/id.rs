//! `didshake id`.

use clap::{Args, Subcommand, ValueEnum};
use didshake::{Algorithm, Did, Document, Endpoint, Fragment, MAX_DID_BYTES, PublicKey, UnixTime};
use didshake_did::{IdentityName, SecretKey, did_jwk, did_key, did_peer, discovery, key_file};
use serde_json::{Value, json};

use super::did::rotation;
use super::recover;
use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::passphrase::PassphraseSource;
use crate::storage;

const AFTER_HELP: &str = "\
Examples:
  didshake id new alice                            a did:key with Ed25519
  didshake id new pal --method peer:4              a did:peer, with a key for agreement
  didshake id new box --method peer:2 --endpoint https://box.example/didshake
  didshake id new work --encrypt                   asks for a passphrase
  didshake id share --endpoint tcp://…:7007        a contact card: where we are reached
  didshake id new ci --passphrase-file secret.txt  for scripts
  didshake id new site --did did:web:example.com --fragment key-1
                                                   then put `id export-public site` into the DID document";

#[derive(Subcommand)]
#[command(after_help = AFTER_HELP)]
pub(crate) enum Id {
    /// Make an identity
    #[command(after_help = AFTER_HELP)]
    New(New),
    /// List our identities
    List,
    /// Show one identity
    Show {
        /// Its name
        name: IdentityName,
    },
    /// Print the DID and the public key, for a DID document or a peer
    ExportPublic {
        /// Its name
        name: IdentityName,
        #[command(flatten)]
        passphrase: PassphraseSource,
    },
    /// Put a new key in the place of the one that an identity signs with, wherever it is used
    Rotate(Box<rotation::RotateIdentity>),
    /// Make a recovery code: a key on paper, for the day when every device is lost
    #[command(after_help = recover::CODE_HELP)]
    RecoveryCode,
    /// Make an identity of a recovery code
    Recover(recover::Recover),
    /// Make a contact card: a signed link that says where we are reached
    Share(Box<super::share::Share>),
}

#[derive(Args)]
pub(crate) struct New {
    /// A name for it on this machine
    name: IdentityName,
    /// The signature algorithm
    #[arg(long, value_enum, default_value_t = KeyAlgorithm::Ed25519)]
    algorithm: KeyAlgorithm,
    /// The DID method
    #[arg(long, value_enum, default_value_t = Method::Key)]
    method: Method,
    /// A DID of another method, whose document will list the key
    #[arg(long, value_name = "DID", conflicts_with = "method", requires = "fragment")]
    did: Option<Did>,
    /// The verification method's fragment in that document, without #
    #[arg(long, requires = "did")]
    fragment: Option<String>,
    /// Where we are reached, for the document of a did:peer, which never changes (repeatable)
    #[arg(long = "endpoint", value_name = "URL", conflicts_with = "did")]
    endpoints: Vec<String>,
    /// Encrypt the key file with a passphrase
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

#[derive(Clone, Copy, ValueEnum)]
enum KeyAlgorithm {
    Ed25519,
    Es256,
}

#[derive(Clone, Copy, ValueEnum)]
enum Method {
    Key,
    Jwk,
    #[value(name = "peer:2")]
    Peer2,
    #[value(name = "peer:4")]
    Peer4,
}

pub(crate) fn run(global: &Global, command: &Id) -> Result<(), Failure> {
    match command {
        Id::New(options) => new(global, options),
        Id::List => list(global),
        Id::Show { name } => show(global, name),
        Id::ExportPublic { name, passphrase } => export_public(global, name, passphrase),
        Id::Rotate(options) => rotation::run(global, options),
        Id::RecoveryCode => recover::code(global),
        Id::Recover(options) => recover::recover(global, options),
        Id::Share(options) => super::share::run(global, options),
    }
}

fn new(global: &Global, options: &New) -> Result<(), Failure> {
    let name = &options.name;
    let store = storage::identities(global)?;
    let internal = |fault: didshake::Fault| Failure::new(Exit::Usage, fault.code(), fault.to_string());
    let encrypt = options.encrypt || options.passphrase.is_given();
    // Asking for a passphrase that cannot be used would be unkind: everything else is looked at before.
    if store.path(name).exists() {
        let error = key_file::KeyFileError::AlreadyExists { path: store.path(name) };
        return Err(storage::key_file_failure(&error));
    }
    let algorithm = match options.algorithm {
        KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
        KeyAlgorithm::Es256 => Algorithm::Es256,
    };
    let mut rng = rand_core::UnwrapErr(getrandom::SysRng);
    let key = SecretKey::generate(algorithm, &mut rng).map_err(internal)?;
    let public = key.public_key().map_err(internal)?;
    let (did, fragment) = named(options, &key, &public)?;
    let passphrase = if encrypt { Some(options.passphrase.choose(global, name)?) } else { None };
    let file = key_file::NewKeyFile {
        name: Some(name),
        did: &did,
        fragment: &fragment,
        key: &key,
        passphrase: passphrase.as_ref(),
    };
    keep(global, name, &file)
}

/// Makes the file of a new identity, and says so.
pub(super) fn keep(global: &Global, name: &IdentityName, file: &key_file::NewKeyFile<'_>) -> Result<(), Failure> {
    let (store, mut rng) = (storage::identities(global)?, rand_core::UnwrapErr(getrandom::SysRng));
    store.create(name, file, &mut rng).map_err(|error| storage::key_file_failure(&error))?;
    let path = store.path(name).display().to_string();
    if global.json {
        let (did, encrypted) = (file.did.as_str(), file.passphrase.is_some());
        output::json(&json!({"name": name.as_str(), "did": did, "encrypted": encrypted, "path": path}));
    } else {
        output::line(file.did.as_str());
        output::note(&format!("kept in {path}"));
    }
    Ok(())
}

/// The DID of a new key, and the fragment of its method.
fn named(options: &New, key: &SecretKey, public: &PublicKey) -> Result<(Did, Fragment), Failure> {
    let internal = |fault: didshake::Fault| Failure::new(Exit::Usage, fault.code(), fault.to_string());
    if let Some(did) = &options.did {
        if matches!(did.method(), "key" | "jwk" | "peer") {
            let message = format!("did:{} carries its key: a new key has another DID", did.method());
            return Err(Failure::new(Exit::Usage, "did", message).remedy("give --method instead of --did"));
        }
        let fragment = Fragment::of(did, options.fragment.as_deref().unwrap_or_default()).map_err(internal)?;
        return Ok((did.clone(), fragment));
    }
    let is_peer = matches!(options.method, Method::Peer2 | Method::Peer4);
    if !options.endpoints.is_empty() && !is_peer {
        return Err(Failure::new(Exit::Usage, "endpoint", "only a did:peer says by itself where it is reached")
            .remedy("add --method peer:4, or make a card later: `didshake id share --endpoint URL`"));
    }
    let services = services(&options.endpoints)?;
    let agreement = key.key_agreement().public_key();
    let peer = did_peer::NewPeer { key: public, key_agreement: Some(&agreement), services: &services };
    let too_long = |fault: didshake::Fault| match fault {
        didshake::Fault::DidSyntax => Failure::new(
            Exit::Usage,
            "did_syntax",
            format!("this did:peer would be longer than {MAX_DID_BYTES} bytes, and nobody would take it"),
        )
        .remedy("give fewer or shorter endpoints"),
        other => internal(other),
    };
    let did = match options.method {
        Method::Key => did_key::encode(public).map_err(internal)?,
        Method::Jwk => did_jwk::encode(public).map_err(internal)?,
        Method::Peer2 => peer.form_2().map_err(too_long)?,
        Method::Peer4 => peer.form_4().map_err(too_long)?,
    };
    let fragment = Fragment::of(&did, if is_peer { did_peer::FRAGMENT } else { "" }).map_err(internal)?;
    Ok((did, fragment))
}

fn services(endpoints: &[String]) -> Result<Vec<String>, Failure> {
    if endpoints.is_empty() {
        return Ok(Vec::new());
    }
    let unusable = |url: &str, why: String| Failure::new(Exit::Usage, "endpoint", format!("{url}: {why}"));
    let parse = |url: &String| Endpoint::parse(url).map_err(|error| unusable(url, error.to_string()));
    let parsed = endpoints.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let entry = discovery::service_entry("#didshake", &parsed);
    entry.map(|entry| vec![entry]).map_err(|error| unusable(&endpoints.join(", "), error.to_string()))
}

fn list(global: &Global) -> Result<(), Failure> {
    let store = storage::identities(global)?;
    let names = store.names().map_err(|error| storage::key_file_failure(&error))?;
    let mut shown = Vec::new();
    for name in &names {
        match store.header(name) {
            Ok(header) => shown.push(json!({
                "name": name.as_str(), "did": header.did.as_str(), "encrypted": header.encrypted,
            })),
            Err(error) => output::warning(storage::key_file_failure(&error).message()),
        }
    }
    if global.json {
        output::json(&json!(shown));
        return Ok(());
    }
    if shown.is_empty() {
        output::note("no identities yet: `didshake id new NAME`");
    }
    let width = names.iter().map(|name| name.as_str().len()).max().unwrap_or_default();
    for identity in &shown {
        let text = |member: &str| identity.get(member).and_then(Value::as_str).unwrap_or_default();
        let locked = identity.get("encrypted") == Some(&Value::Bool(true));
        output::line(&format!("{:width$}  {}{}", text("name"), text("did"), if locked { "  (encrypted)" } else { "" }));
    }
    Ok(())
}

fn show(global: &Global, name: &IdentityName) -> Result<(), Failure> {
    let store = storage::identities(global)?;
    let header = store.header(name).map_err(|error| storage::missing(name, &error))?;
    let method = method_url(&header.did, &header.fragment);
    let algorithm = public_of_did(&header.did, &header.fragment).map(|key| key.algorithm().name());
    let path = store.path(name).display().to_string();
    if global.json {
        output::json(&json!({
            "name": name.as_str(), "did": header.did.as_str(), "verificationMethod": method,
            "algorithm": algorithm, "encrypted": header.encrypted, "path": path,
        }));
        return Ok(());
    }
    output::line(&format!("name                 {name}"));
    output::line(&format!("DID                  {}", header.did));
    output::line(&format!("verification method  {method}"));
    output::line(&format!("algorithm            {}", algorithm.unwrap_or("see `id export-public`")));
    output::line(&format!("encrypted            {}", if header.encrypted { "yes" } else { "no" }));
    output::line(&format!("file                 {path}"));
    Ok(())
}

fn export_public(global: &Global, name: &IdentityName, passphrase: &PassphraseSource) -> Result<(), Failure> {
    let store = storage::identities(global)?;
    let header = store.header(name).map_err(|error| storage::missing(name, &error))?;
    // What the DID carries needs no passphrase.
    let key = match public_of_did(&header.did, &header.fragment) {
        Some(key) => key,
        None => storage::load(global, name, passphrase)?.public_key().clone(),
    };
    let internal = |fault: didshake::Fault| Failure::new(Exit::Check, fault.code(), fault.to_string());
    let multibase = did_key::encode(&key).map_err(internal)?.method_specific_id().to_owned();
    let jwk = jwk(&key).map_err(internal)?;
    let method = method_url(&header.did, &header.fragment);
    let exported = json!({
        "did": header.did.as_str(), "verificationMethod": method, "algorithm": key.algorithm().name(),
        "publicKeyMultibase": multibase, "publicKeyJwk": jwk,
    });
    if global.json {
        output::json(&exported);
    } else {
        output::line(&format!("DID                  {}", header.did));
        output::line(&format!("verification method  {method}"));
        output::line(&format!("publicKeyMultibase   {multibase}"));
        output::line(&format!("publicKeyJwk         {jwk}"));
    }
    Ok(())
}

fn method_url(did: &Did, fragment: &Fragment) -> String {
    match fragment.as_str() {
        "" => did.as_str().to_owned(),
        fragment => format!("{did}#{fragment}"),
    }
}

fn public_of_did(did: &Did, fragment: &Fragment) -> Option<PublicKey> {
    match did.method() {
        "key" => did_key::public_key(did).ok(),
        "jwk" => did_jwk::public_key(did).ok(),
        "peer" => did_peer::resolve(did).ok()?.authentication_key(did, fragment, UnixTime(0)).ok(),
        _ => None,
    }
}

/// The JWK of a key, taken from the document of its did:jwk.
fn jwk(key: &PublicKey) -> Result<Value, didshake::Fault> {
    let document = did_jwk::resolve(&did_jwk::encode(key)?)?;
    let document: Value = serde_json::from_str(document.text()).map_err(|_| didshake::Fault::DocumentJson)?;
    document.pointer("/verificationMethod/0/publicKeyJwk").cloned().ok_or(didshake::Fault::DocumentShape)
}
