//! `didshake request`.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use didshake_did::{Clock, IdentityName, SystemClock};
use didshake_peer::http::SessionRequest;
use serde_json::{Value, json};

use crate::cli::Global;
use crate::failure::{Exit, Failure};
use crate::http_failure::of_http;
use crate::meeting::runtime;
use crate::output::{self, printable};
use crate::progress::Waiting;
use crate::request_parts::{Field, MAX_BODY_BYTES, body, is_token};
use crate::service::{ServiceUrl, ask, client, session};
use crate::sessions::{SessionStore, StoredSession, Wanted, choose};
use crate::web_access::WebAccess;

const AFTER_HELP: &str = "\
Signs one request with the session of the URL's origin and prints the body of the answer. Redirects are not followed.
No header field is sent beside those of the signature and of -H: give a body its `Content-Type`.

Exit codes: 0 whatever the status is; with --fail 4 for 401 and 403, and 1 for every other from 400 on.

Examples:
  didshake request GET https://example.com/v1/session
  didshake request POST https://example.com/notes -H 'Content-Type: application/json' -d '{\"text\":\"hello\"}'
  didshake request PUT https://example.com/photo -d @photo.jpg --fail
  tar c . | didshake request POST https://example.com/backup -d @- -o answer.json";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Request {
    /// GET, POST, …; sent as it is written
    #[arg(value_name = "METHOD", value_parser = method)]
    method: String,
    /// What is asked; sent as it is written
    #[arg(value_name = "URL")]
    url: String,
    /// A header field (repeatable)
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<Field>,
    /// The body: text, or @ and the name of a file, or @- for standard input; at most 64 MiB
    #[arg(short = 'd', long, value_name = "DATA|@FILE|@-")]
    data: Option<String>,
    /// Write the body of the answer to this file
    #[arg(short = 'o', long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print status and header fields before the body
    #[arg(short = 'i', long)]
    include: bool,
    /// Fail where the status is 400 or higher
    #[arg(long)]
    fail: bool,
    /// The identity whose session it is, where there are several
    #[arg(long = "as", value_name = "NAME")]
    identity: Option<IdentityName>,
    #[command(flatten)]
    web: WebAccess,
    /// Seconds until the answer begins, and of each silence within it
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

fn method(text: &str) -> Result<String, &'static str> {
    if is_token(text) { Ok(text.to_owned()) } else { Err("a method is a word such as GET") }
}

pub(crate) fn run(global: &Global, options: &Request) -> Result<(), Failure> {
    let url = ServiceUrl::parse(&options.url)?;
    let found = SessionStore::of(global)?.all(SystemClock.now())?;
    let kept = choose(found, &Wanted { origin: Some(&url.origin), identity: options.identity.as_ref() })?;
    let body = body(options.data.as_deref())?;
    let runtime = runtime()?;
    let answer = runtime.block_on(send(global, options, &kept, &url, &body));
    runtime.shutdown_background();
    let answer = answer?;
    answer.write(global, options)?;
    if answer.status == 401 {
        let (origin, name) = (&kept.origin, &kept.name);
        output::warning(&format!("not authorised; if the session is over: `didshake login {origin} --as {name}`"));
    }
    answer.verdict(options)
}

async fn send(
    global: &Global,
    options: &Request,
    kept: &StoredSession,
    url: &ServiceUrl,
    body: &[u8],
) -> Result<Answer, Failure> {
    let _waiting = Waiting::on(format!("waiting for {}", url.origin), global.json);
    let client = client(&options.web, Duration::from_secs(options.timeout))?;
    let headers: Vec<(&str, &[u8])> =
        options.headers.iter().map(|field| (field.name.as_str(), field.value.as_slice())).collect();
    let request =
        SessionRequest { method: &options.method, path_and_query: &url.path_and_query, headers: &headers, body };
    let response = ask(&client, &session(kept), &request).await?;
    let status = response.status();
    tracing::info!(status, "the service answers");
    let headers = response.headers().map(|(name, value)| (name.to_owned(), value.to_vec())).collect();
    let body = response.body(MAX_BODY_BYTES).await.map_err(|failure| of_http(&url.origin, &failure))?;
    Ok(Answer { status, headers, body })
}

/// What the service answered.
struct Answer {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Answer {
    fn write(&self, global: &Global, options: &Request) -> Result<(), Failure> {
        if let Some(path) = &options.output {
            std::fs::write(path, &self.body).map_err(|error| {
                Failure::new(Exit::Storage, "output", format!("cannot write {}: {error}", path.display()))
            })?;
        }
        if global.json {
            output::json(&self.as_json(options.output.is_none()));
            return Ok(());
        }
        if options.include {
            self.write_head();
        }
        match options.output {
            Some(_) => {}
            // What a service sends must not drive the terminal.
            None if std::io::stdout().is_terminal() => {
                let text = printable(&String::from_utf8_lossy(&self.body));
                output::text(if text.ends_with('\n') || text.is_empty() { text } else { text + "\n" }.as_str());
            }
            None => output::bytes(&self.body),
        }
        Ok(())
    }

    fn write_head(&self) {
        output::line(&format!("HTTP/1.1 {}", self.status));
        for (name, value) in &self.headers {
            output::line(&format!("{name}: {}", printable(&String::from_utf8_lossy(value))));
        }
        output::line("");
    }

    fn as_json(&self, with_body: bool) -> Value {
        let headers: Vec<Value> =
            self.headers.iter().map(|(name, value)| json!([name, String::from_utf8_lossy(value)])).collect();
        let mut shown = json!({"status": self.status, "headers": headers});
        if with_body && let Some(shown) = shown.as_object_mut() {
            match std::str::from_utf8(&self.body) {
                Ok(text) => shown.insert("body".to_owned(), json!(text)),
                Err(_) => shown.insert("bodyHex".to_owned(), json!(hex::encode(&self.body))),
            };
        }
        shown
    }

    /// The exit code tells of the status only where it is asked to; the answer itself is printed already.
    fn verdict(&self, options: &Request) -> Result<(), Failure> {
        match self.status {
            400.. if !options.fail => Ok(()),
            401 | 403 => Err(Failure::silent(Exit::Policy)),
            400.. => Err(Failure::silent(Exit::Check)),
            _ => Ok(()),
        }
    }
}
