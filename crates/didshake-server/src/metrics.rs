//! What a running service counts. DIDs, addresses and paths are no labels: others choose them.

use std::sync::Arc;
use std::time::Duration;

use didshake_axum::{LogOutcomes, Observer, Outcome};
use http::{Method, StatusCode};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::policy::Reload;
use crate::store::MailboxSums;

/// Seconds; a handshake takes at least two signatures, a denied one at least a tenth.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

const UPKEEP: Duration = Duration::from_secs(5);

const OUTCOMES: &str = "didshake_outcomes_total";
const WORK: &str = "didshake_work_seconds";
const REQUESTS: &str = "didshake_http_requests_total";
const REQUEST_SECONDS: &str = "didshake_http_request_seconds";
const RELOADS: &str = "didshake_policy_reloads_total";
const LOOKS: &str = "didshake_document_looks_total";
const ENDED: &str = "didshake_sessions_ended_total";
const ROWS: &str = "didshake_store_rows";
const CONNECTIONS: &str = "didshake_connections";
const DRAINING: &str = "didshake_draining";
const DEPOSITS: &str = "didshake_deposits_total";
const COMMITS: &str = "didshake_deposit_commits_total";
const WAITING: &str = "didshake_deposits_waiting";
const WAITING_BYTES: &str = "didshake_deposits_waiting_bytes";
const SOCKETS: &str = "didshake_mailbox_sockets";
const CIRCUITS: &str = "didshake_circuits";
const CIRCUIT_BYTES: &str = "didshake_circuit_bytes_total";
const BUILD: &str = "didshake_build_info";

/// The counters of one service; clones are the same. Two services in one process do not mix.
#[derive(Clone)]
pub(crate) struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
}

/// What is measured when somebody asks.
pub(crate) struct Gauges {
    pub(crate) rows: Vec<(&'static str, u64)>,
    pub(crate) connections: usize,
    pub(crate) draining: bool,
    pub(crate) relay: Option<RelayGauges>,
}

/// What is measured of a relay.
pub(crate) struct RelayGauges {
    pub(crate) waiting: MailboxSums,
    pub(crate) sockets: usize,
    pub(crate) circuits: usize,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        // Refused for an empty list only.
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = Arc::new(builder.build_recorder());
        let metrics = Self { handle: recorder.handle(), recorder };
        metrics.record(describe);
        metrics
    }

    /// An answered request. `route` is a pattern of ours.
    pub(crate) fn request(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let labels = [
            ("method", method_label(method).to_owned()),
            ("route", route.to_owned()),
            ("status", status.as_u16().to_string()),
        ];
        self.record(|| {
            counter!(REQUESTS, &labels).increment(1);
            histogram!(REQUEST_SECONDS).record(took.as_secs_f64());
        });
    }

    /// Deposits of one request, by what became of them.
    pub(crate) fn deposits(&self, outcome: &'static str, count: usize) {
        self.record(|| counter!(DEPOSITS, "outcome" => outcome).increment(count as u64));
    }

    /// A transaction with deposits and answers.
    pub(crate) fn deposits_committed(&self) {
        self.record(|| counter!(COMMITS).increment(1));
    }

    /// Bytes that passed through a circuit.
    pub(crate) fn circuit_bytes(&self, bytes: usize) {
        self.record(|| counter!(CIRCUIT_BYTES).increment(bytes as u64));
    }

    pub(crate) fn reloaded(&self, reload: Reload) {
        let outcome = match reload {
            Reload::Same => "same",
            Reload::Changed => "changed",
            Reload::Refused => "refused",
        };
        self.record(|| counter!(RELOADS, "outcome" => outcome).increment(1));
    }

    /// A look at the document of somebody who is logged in; `outcome` is one of a few words.
    pub(crate) fn looked(&self, outcome: &'static str) {
        self.record(|| counter!(LOOKS, "outcome" => outcome).increment(1));
    }

    /// Sessions ended, because the key is gone that they rest on.
    pub(crate) fn sessions_ended(&self, cause: &'static str, count: usize) {
        self.record(|| counter!(ENDED, "cause" => cause).increment(count as u64));
    }

    /// The text that Prometheus reads.
    pub(crate) fn render(&self, gauges: &Gauges) -> String {
        self.record(|| {
            for (table, rows) in &gauges.rows {
                gauge!(ROWS, "table" => *table).set(approximate(*rows));
            }
            gauge!(CONNECTIONS).set(approximate(gauges.connections as u64));
            gauge!(DRAINING).set(if gauges.draining { 1.0 } else { 0.0 });
            if let Some(relay) = &gauges.relay {
                gauge!(WAITING).set(approximate(relay.waiting.waiting));
                gauge!(WAITING_BYTES).set(approximate(relay.waiting.bytes));
                gauge!(SOCKETS).set(approximate(relay.sockets as u64));
                gauge!(CIRCUITS).set(approximate(relay.circuits as u64));
            }
            gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1.0);
        });
        self.handle.render()
    }

    /// Sums up what histograms gathered, which would grow otherwise while nobody asks; until it is dropped.
    pub(crate) async fn keep_up(&self) {
        let mut turns = tokio::time::interval(UPKEEP);
        loop {
            turns.tick().await;
            self.handle.run_upkeep();
        }
    }

    fn record(&self, with: impl FnOnce()) {
        with_local_recorder(&*self.recorder, with);
    }
}

/// Counts each outcome, and logs it with its cause: within the span of its request, whose id it carries.
impl Observer for Metrics {
    fn finished(&self, outcome: &Outcome<'_>) {
        LogOutcomes.finished(outcome);
        let doing = outcome.doing.name();
        self.record(|| {
            counter!(OUTCOMES, "doing" => doing, "code" => outcome.code).increment(1);
            histogram!(WORK, "doing" => doing).record(outcome.duration.as_secs_f64());
        });
    }
}

fn describe() {
    describe_counter!(OUTCOMES, "Handshake messages and signed requests, by what became of them");
    describe_histogram!(WORK, "Seconds of work for one, without the delay of a denial");
    describe_counter!(REQUESTS, "HTTP requests answered");
    describe_histogram!(REQUEST_SECONDS, "Seconds until a response began");
    describe_counter!(RELOADS, "Times that the policy file was read again");
    describe_counter!(LOOKS, "Looks at the DID documents of those who are logged in, by what was found");
    describe_counter!(ENDED, "Sessions that ended because their key is gone, by cause");
    describe_gauge!(ROWS, "Rows in the database");
    describe_gauge!(CONNECTIONS, "Open connections");
    describe_gauge!(DRAINING, "1 while the service ends");
    describe_counter!(DEPOSITS, "Deposits, by what became of them: kept, there before, or the code of the refusal");
    describe_counter!(COMMITS, "Transactions that kept deposits and answers");
    describe_gauge!(WAITING, "Deposits that wait");
    describe_gauge!(WAITING_BYTES, "Bytes of envelopes that wait");
    describe_gauge!(SOCKETS, "Sockets and streams of owners, and ends of circuits");
    describe_gauge!(CIRCUITS, "Circuits that are open or asked for");
    describe_counter!(CIRCUIT_BYTES, "Bytes that passed through circuits");
    describe_gauge!(BUILD, "The version that runs");
}

/// Anybody can make up methods.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[allow(clippy::cast_precision_loss, reason = "a gauge of Prometheus is a float")]
fn approximate(count: u64) -> f64 {
    count as f64
}
