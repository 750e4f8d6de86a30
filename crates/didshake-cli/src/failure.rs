//! What went wrong, in words, with what to do about it and the exit code.

use std::error::Error;
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::output;

/// The exit codes that `--help` documents.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exit {
    Done = 0,
    Check = 1,
    Usage = 2,
    NotAuthenticated = 3,
    Policy = 4,
    Network = 5,
    Resolution = 6,
    Storage = 7,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    code: &'static str,
    message: String,
    remedy: Option<String>,
}

impl Failure {
    /// `code` is a name for scripts; of a fault of the peer it is the specification's.
    pub(crate) fn new(exit: Exit, code: &'static str, message: impl Into<String>) -> Self {
        Self { exit, code, message: message.into(), remedy: None }
    }

    /// An end whose cause the JSON on standard output tells already, or that has none.
    pub(crate) fn silent(exit: Exit) -> Self {
        Self { exit, code: "", message: String::new(), remedy: None }
    }

    /// The same with what the user can do about it.
    pub(crate) fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    /// The same, told after what came before.
    pub(crate) fn after(self, before: &str) -> Self {
        Self { message: format!("{before}: {}", self.message), ..self }
    }

    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn as_json(&self) -> Value {
        let Self { exit, code, message, remedy } = self;
        json!({"error": {"code": code, "exit": *exit as u8, "message": message, "remedy": remedy}})
    }

    /// Tells it: on standard error, or as one JSON object on standard output.
    pub(crate) fn report(&self, as_json: bool) {
        if self.message.is_empty() {
            return;
        }
        if as_json {
            output::json(&self.as_json());
            if output::check().is_ok() {
                return;
            }
            // The failure is that nobody gets it there.
        }
        output::error(&self.message);
        if let Some(remedy) = &self.remedy {
            output::hint(remedy);
        }
    }
}

/// An error with all its sources, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Something local that hardly ever fails.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Storage, "io", format!("input or output failed: {error}"))
    }
}
