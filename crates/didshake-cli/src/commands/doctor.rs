//! `didshake doctor`.

use std::path::PathBuf;

use clap::Args;
use didshake::Origin;
use didshake_server::{Config, Finding, Settings, Verdict, examine, examine_url};
use serde_json::{Value, json};

use crate::cli::Global;
use crate::failure::{Exit, Failure, chain};
use crate::meeting::runtime;
use crate::output::{self, BAD, BOLD, GOOD};

const AFTER_HELP: &str = "\
Looks at a service on this machine: settings, files, clock, data, address, and, while it runs, its public URLs and its
did:web as clients see them. With a URL it looks at that service from outside. Nothing is changed.

Examples:
  didshake doctor --config /etc/didshake.toml
  didshake doctor https://example.com";

#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Doctor {
    /// The settings of the service, as for `serve`
    #[arg(long, env = "DIDSHAKE_CONFIG", hide_env = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where the service keeps its data [default: that of the settings]
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// A local host that may be asked in plain http (repeatable)
    #[arg(long, value_name = "HOST:PORT")]
    allow_local: Vec<String>,
    /// A root certificate that is trusted, in PEM (repeatable)
    #[arg(long, value_name = "FILE")]
    root_cert: Vec<String>,
    /// A service to look at from outside: its origin
    #[arg(value_name = "URL")]
    url: Option<String>,
}

pub(crate) fn run(global: &Global, options: &Doctor) -> Result<(), Failure> {
    let findings = findings(options)?;
    if global.json {
        let shown: Vec<Value> = findings.iter().map(as_json).collect();
        output::json(&json!({"findings": shown}));
    } else {
        findings.iter().for_each(show);
    }
    let failed = findings.iter().any(|finding| finding.verdict == Verdict::Failure);
    if failed { Err(Failure::silent(Exit::Check)) } else { Ok(()) }
}

fn findings(options: &Doctor) -> Result<Vec<Finding>, Failure> {
    let list = |values: &Vec<String>| (!values.is_empty()).then(|| values.clone());
    let settings = Settings {
        data: options.data.clone(),
        allow_local: list(&options.allow_local),
        root_cert: list(&options.root_cert),
        ..Settings::default()
    };
    let runtime = runtime()?;
    let config = match Config::load(&settings, options.config.as_deref()) {
        Ok(config) => config,
        Err(error) => return Ok(vec![refused(chain(&error), error.remedy())]),
    };
    let Some(url) = &options.url else {
        return Ok(runtime.block_on(examine(&config)));
    };
    let origin = Origin::parse(url)
        .map_err(|fault| Failure::new(Exit::Usage, "url", format!("`{url}` is no URL of a service: {fault}")))?;
    Ok(runtime.block_on(examine_url(&config, &origin)))
}

fn refused(detail: String, remedy: String) -> Finding {
    Finding { check: "settings", verdict: Verdict::Failure, detail, remedy: Some(remedy) }
}

fn as_json(finding: &Finding) -> Value {
    let Finding { check, verdict, detail, remedy } = finding;
    json!({"check": check, "verdict": name(*verdict), "detail": detail, "remedy": remedy})
}

fn show(finding: &Finding) {
    let Finding { check, verdict, detail, remedy } = finding;
    let style = match verdict {
        Verdict::Ok => GOOD,
        Verdict::Warning => BOLD,
        Verdict::Failure => BAD,
    };
    let name = name(*verdict);
    output::line(&format!("{style}{name:4}{style:#}  {check}: {}", output::printable(detail)));
    if let Some(remedy) = remedy {
        output::line(&format!("      {}", output::printable(remedy)));
    }
}

fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Ok => "ok",
        Verdict::Warning => "warn",
        Verdict::Failure => "fail",
    }
}
