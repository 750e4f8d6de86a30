//! Messages a second, ours and NATS core's in turns.

use std::time::Instant;

use didshake_load::{Depositor, Frame, Nats, Owner, Socket, batch, envelopes, median};
use serde_json::{Value, json};

/// The smallest size class, and one of a page of text.
const CLASSES: [usize; 2] = [512, 4096];
/// What an envelope adds to its class: NATS carries as many bytes.
const AROUND: usize = 66;
/// Depositors, or publishers, at one time.
const SENDERS: usize = 4;
/// So much faster NATS is about, so that turns take about as long.
const FASTER: usize = 20;
/// Envelopes in one request.
const BATCH: usize = 64;
/// Answers in one frame.
const ANSWERS: usize = 64;

/// Each size, each way, in turns.
pub(crate) async fn compare(owner: &Owner, nats: &Nats, runs: usize, messages: usize) -> Value {
    let mut told = Vec::new();
    eprintln!(
        "messages a second    batches of {BATCH}  one by one  NATS confirmed  NATS  ratio to NATS confirmed, to NATS"
    );
    for class in CLASSES {
        let mut turns = Vec::new();
        for _ in 0..runs {
            turns.push([
                through_relay(owner, messages, class, BATCH).await,
                through_relay(owner, messages / 4, class, 1).await,
                through_nats(nats, messages * FASTER, class + AROUND, true).await,
                through_nats(nats, messages * FASTER, class + AROUND, false).await,
            ]);
        }
        let [batches, single, confirmed, core] = [0, 1, 2, 3].map(|way| median(turns.iter().map(|turn| turn[way])));
        let [to_confirmed, to_core] = [2, 3].map(|way| median(turns.iter().map(|turn| turn[0] / turn[way])));
        eprintln!(
            "{:>9} bytes  {batches:>13.0}  {single:>10.0}  {confirmed:>14.0}  {core:>4.0}  {to_confirmed:.4}, {to_core:.4}",
            class + AROUND
        );
        told.push(json!({
            "bytes": class + AROUND, "senders": SENDERS, "relay_batches_of": BATCH, "relay_batches": batches, "relay_one_by_one": single,
            "nats_confirmed": confirmed, "nats": core, "ratio_to_nats_confirmed": to_confirmed, "ratio_to_nats": to_core,
            "turns": turns,
        }));
    }
    json!(told)
}

/// From the first deposit until the last answer is durable. What is deposited is ready before.
async fn through_relay(owner: &Owner, messages: usize, class: usize, each: usize) -> f64 {
    let token = owner.token().await;
    let mut socket = owner.socket().await;
    let envelopes = envelopes(messages, class);
    let bodies: Vec<Vec<u8>> = envelopes.chunks(each).map(batch).collect();
    let parts: Vec<Vec<Vec<u8>>> = bodies.chunks(bodies.len().div_ceil(SENDERS)).map(<[_]>::to_vec).collect();
    let start = Instant::now();
    let senders: Vec<_> = parts
        .into_iter()
        .map(|bodies| {
            let depositor = Depositor::new(&owner.mailbox, &token);
            tokio::spawn(async move {
                for body in bodies {
                    depositor.deposit(body).await;
                }
            })
        })
        .collect();
    take_all(&mut socket, messages).await;
    let took = start.elapsed();
    for sender in senders {
        sender.await.unwrap();
    }
    messages as f64 / took.as_secs_f64()
}

async fn take_all(socket: &mut Socket, messages: usize) {
    let (mut durable, mut shown) = (0, Vec::new());
    while durable < messages {
        let mut frame = Some(socket.next().await);
        while let Some(next) = frame {
            match next {
                Frame::Deposit(sequence, _) => shown.push(sequence),
                Frame::Durable(sequences) => durable += sequences.len(),
            }
            frame = if shown.len() < ANSWERS { socket.ready().await } else { None };
        }
        if !shown.is_empty() {
            socket.take(std::mem::take(&mut shown)).await;
        }
    }
}

/// From the first publish until the last was received; `confirmed`: a publisher asks, every so many, whether the server
/// has heard it.
async fn through_nats(nats: &Nats, messages: usize, bytes: usize, confirmed: bool) -> f64 {
    let mut subscriber = nats.subscriber().await;
    let mut publishers = Vec::new();
    for _ in 0..SENDERS {
        publishers.push(nats.publisher().await);
    }
    let payload = envelopes(1, bytes - AROUND).remove(0);
    let start = Instant::now();
    let publishers: Vec<_> = publishers
        .into_iter()
        .map(|mut publisher| {
            let payload = payload.clone();
            tokio::spawn(async move {
                for number in 1..=messages / SENDERS {
                    publisher.publish(&payload).await;
                    if confirmed && number % BATCH == 0 {
                        publisher.flush().await;
                    }
                }
                publisher.flush().await;
            })
        })
        .collect();
    for _ in 0..messages / SENDERS * SENDERS {
        assert_eq!(subscriber.next().await.len(), bytes);
    }
    let took = start.elapsed();
    for publisher in publishers {
        publisher.await.unwrap();
    }
    messages as f64 / took.as_secs_f64()
}
