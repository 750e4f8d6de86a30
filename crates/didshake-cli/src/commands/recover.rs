//! `didshake id recovery-code` and `didshake id recover`: a key on paper, and back.

use std::io::Read;

use clap::Args;
use didshake::{Did, Fragment};
use didshake_did::key_file::{KeyFileError, NewKeyFile};
use didshake_did::{IdentityName, RecoveryCode, RecoveryCodeError, SecretKey, did_key};
use serde_json::json;
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::output;
use crate::passphrase::{PassphraseSource, can_ask, prompt};
use crate::storage;

pub(super) const CODE_HELP: &str = "\
Write the code on paper and keep it where no device is: whoever has it has the key. It is shown once and kept nowhere. Let it into
your account at a service while you still can log in: make an invite for a further key, on the account's page or with the first
of these, and take it with the code:

  didshake request POST https://example.com/v1/account/invites -H 'content-type: application/json' -d '{\"label\":\"paper\"}'
  didshake id recover paper                        type the code
  didshake login https://example.com --as paper --invite - --join DID_OF_YOUR_ACCOUNT

and remove the identity `paper` again. Make a code for one account only: two accounts with one code belong together.";

pub(super) const RECOVER_HELP: &str = "\
The identity is the did:key of the code. At a service that has let it into your account, log in with it, make an invite for a
new key, and remove lost keys:

  didshake id recover paper                        asks for the code
  didshake login https://example.com --as paper
  didshake id recover paper - < code.txt           for scripts";

#[derive(Args)]
#[command(after_help = RECOVER_HELP)]
pub(crate) struct Recover {
    /// A name for the identity on this machine
    name: IdentityName,
    /// `-` reads the code from standard input; it is asked for otherwise
    #[arg(value_name = "-", value_parser = ["-"])]
    from: Option<String>,
    /// Encrypt the key file with a passphrase
    #[arg(long)]
    encrypt: bool,
    #[command(flatten)]
    passphrase: PassphraseSource,
}

/// A new code.
pub(super) fn code(global: &Global) -> Result<(), Failure> {
    let code = RecoveryCode::generate(&mut rand_core::UnwrapErr(getrandom::SysRng));
    let (_, did) = key_of(&code)?;
    if global.json {
        output::json(&json!({"code": &*code.to_text(), "did": did.as_str()}));
        return Ok(());
    }
    output::line(&code.to_text());
    output::note(&format!(
        "Write it down: it is kept nowhere. Its DID is {did}; see `didshake id recovery-code --help`."
    ));
    Ok(())
}

pub(super) fn recover(global: &Global, options: &Recover) -> Result<(), Failure> {
    let (name, store) = (&options.name, storage::identities(global)?);
    if store.path(name).exists() {
        return Err(storage::key_file_failure(&KeyFileError::AlreadyExists { path: store.path(name) }));
    }
    let text = match options.from {
        Some(_) => from_input()?,
        None if can_ask(global) => prompt("Recovery code: ")?,
        None => {
            return Err(Failure::new(Exit::Usage, "code_needed", "nobody can be asked for the recovery code here")
                .remedy("give it on standard input: `didshake id recover NAME - < FILE`"));
        }
    };
    let code = RecoveryCode::parse(&text).map_err(slip)?;
    let (key, did) = key_of(&code)?;
    let encrypt = options.encrypt || options.passphrase.is_given();
    let passphrase = if encrypt { Some(options.passphrase.choose(global, name)?) } else { None };
    let fragment = Fragment::of(&did, "").map_err(internal)?;
    let file =
        NewKeyFile { name: Some(name), did: &did, fragment: &fragment, key: &key, passphrase: passphrase.as_ref() };
    super::id::keep(global, name, &file)?;
    if !global.json {
        output::note(&format!("log in with `didshake login URL --as {name}`"));
    }
    Ok(())
}

fn key_of(code: &RecoveryCode) -> Result<(SecretKey, Did), Failure> {
    let key = code.key().map_err(internal)?;
    let did = did_key::encode(&key.public_key().map_err(internal)?).map_err(internal)?;
    Ok((key, did))
}

/// Of standard input no more than a code can take, with all that may stand between its characters.
fn from_input() -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(1024));
    std::io::stdin().lock().take(1024).read_to_string(&mut text)?;
    Ok(text)
}

fn slip(error: RecoveryCodeError) -> Failure {
    let word = match error {
        RecoveryCodeError::Form => "code_form",
        RecoveryCodeError::Check => "code_check",
    };
    Failure::new(Exit::Usage, word, error.to_string()).remedy("nothing was made; type it again as it is on paper")
}

fn internal(fault: didshake::Fault) -> Failure {
    Failure::new(Exit::Usage, fault.code(), fault.to_string())
}
