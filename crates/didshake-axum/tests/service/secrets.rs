//! What is written down holds no secret: everything of this crate that is logged, at every level, and every `Debug`.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use didshake_axum::LogOutcomes;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::client::{Client, Login};
use crate::service::Service;

/// Writes every event down, whatever its level.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

impl Visit for Everything {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().unwrap().push('\n');
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Every way in which somebody may write these bytes.
fn written(bytes: &[u8]) -> [String; 5] {
    let hex = bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let debug = format!("{bytes:?}").trim_matches(['[', ']']).to_owned();
    let (standard, url) = (Base64::encode_string(bytes), Base64UrlUnpadded::encode_string(bytes));
    [hex.to_uppercase(), hex, debug, standard, url]
}

fn assert_holds_none(text: &str, secrets: &[(&str, Vec<u8>)]) {
    for (what, bytes) in secrets {
        for form in written(bytes) {
            assert!(!text.contains(&form), "{what} in:\n{text}");
        }
    }
}

async fn play(service: &Service) -> (Login, Vec<(&'static str, Vec<u8>)>) {
    let client = Client::new(1, service);
    let (finish, sent) = client.begin(service).await;
    let accept = finish.send(service.address).await;
    finish.send(service.address).await;
    let login = Login::of(&accept, sent, service);
    let request = login.request("POST", "/me", b"a body that is nobody's business", service.now());
    request.send(service.address).await;
    request.send(service.address).await;
    let state = Base64UrlUnpadded::decode_vec(finish.header("didshake-state")).unwrap();
    let signature = request.header("signature").trim_start_matches("didshake=:").trim_end_matches(':');
    let secrets = vec![
        ("the waiting state", state[..48].to_vec()),
        ("the request key", login.key.secret().expose().to_vec()),
        ("a signature", Base64::decode_vec(signature).unwrap()),
        ("the secret key of the service", vec![200; 32]),
        ("a body", b"a body that is nobody's business".to_vec()),
    ];
    (login, secrets)
}

// R-STATE-4
#[tokio::test]
async fn neither_logs_nor_debug_show_a_secret() {
    let log = Everything::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let service = Service::with(|builder| builder.observer(Arc::new(LogOutcomes))).await;
    let (login, secrets) = play(&service).await;
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("finish_replayed") && log.contains("request_replayed"), "the log is there:\n{log}");
    assert_holds_none(&log, &secrets);
    assert!(!log.contains("nobody's business"), "{log}");

    let record = service.sessions.find(&login.id).await.unwrap().unwrap();
    let shown = format!("{record:?} {:?} {:?}", service.didshake, service.didshake.layer());
    assert!(shown.contains("redacted"));
    assert_holds_none(&shown, &secrets);
}
