//! How long a message is on its way, one every 20 ms whatever became of those before.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use didshake_load::{Depositor, Frame, Latencies, Nats, Owner, Socket, batch, envelopes};
use serde_json::{Value, json};

const EVERY: Duration = Duration::from_millis(20);
const CLASS: usize = 512;
/// Where [`envelopes`] differ.
const NUMBER: std::ops::Range<usize> = CLASS..CLASS + 8;

/// When each was to be sent: what waits for what is before it counts.
struct Schedule(Instant);

impl Schedule {
    fn start() -> Self {
        Self(Instant::now() + EVERY)
    }

    fn of(&self, number: usize) -> Instant {
        self.0 + EVERY * u32::try_from(number).unwrap()
    }
}

/// Deposit, show and answer; and NATS.
pub(crate) async fn compare(owner: &Owner, nats: &Nats, messages: usize) -> Value {
    let told = json!({"every_ms": EVERY.as_millis(), "relay": relay(owner, messages).await, "nats": published(nats, messages).await});
    eprintln!("latency, one message every {} ms: {told:#}", EVERY.as_millis());
    told
}

async fn relay(owner: &Owner, messages: usize) -> Value {
    let depositor = Depositor::new(&owner.mailbox, &owner.token().await);
    let socket = owner.socket().await;
    // The connection is there, as it is for whoever writes more than once.
    depositor.deposit(batch(&[[&[33, 1][..], &[9; CLASS + 64]].concat()])).await;
    let bodies: Vec<_> = envelopes(messages, CLASS).chunks(1).map(batch).collect();
    let schedule = Arc::new(Schedule::start());
    let receiving = tokio::spawn(receive(socket, schedule.clone(), messages));
    let confirmed = Arc::new(Mutex::new(Latencies::default()));
    let mut sending = Vec::new();
    for (number, body) in bodies.into_iter().enumerate() {
        tokio::time::sleep_until(schedule.of(number).into()).await;
        let (depositor, confirmed, schedule) = (depositor.clone(), confirmed.clone(), schedule.clone());
        sending.push(tokio::spawn(async move {
            depositor.deposit(body).await;
            confirmed.lock().unwrap().add(schedule.of(number).elapsed());
        }));
    }
    for sending in sending {
        sending.await.unwrap();
    }
    let (shown, answered) = receiving.await.unwrap();
    json!({"deposit_confirmed": confirmed.lock().unwrap().told(), "shown": shown.told(), "answer_durable": answered.told()})
}

/// When each was shown, and when its answer was durable.
async fn receive(mut socket: Socket, schedule: Arc<Schedule>, messages: usize) -> (Latencies, Latencies) {
    let (mut shown, mut answered) = (Latencies::default(), Latencies::default());
    let mut under_way = HashMap::new();
    while answered.count() < messages {
        match socket.next().await {
            Frame::Deposit(sequence, envelope) => {
                let number = usize::from_be_bytes(envelope[NUMBER].try_into().unwrap());
                if number < messages {
                    shown.add(schedule.of(number).elapsed());
                    under_way.insert(sequence, number);
                }
                socket.take(vec![sequence]).await;
            }
            Frame::Durable(sequences) => {
                for number in sequences.iter().filter_map(|sequence| under_way.remove(sequence)) {
                    answered.add(schedule.of(number).elapsed());
                }
            }
        }
    }
    (shown, answered)
}

async fn published(nats: &Nats, messages: usize) -> Value {
    let (mut subscriber, mut publisher) = (nats.subscriber().await, nats.publisher().await);
    let schedule = Arc::new(Schedule::start());
    let scheduled = schedule.clone();
    let receiving = tokio::spawn(async move {
        let mut received = Latencies::default();
        for number in 0..messages {
            let _ = subscriber.next().await;
            received.add(scheduled.of(number).elapsed());
        }
        received
    });
    for (number, payload) in envelopes(messages, CLASS).iter().enumerate() {
        tokio::time::sleep_until(schedule.of(number).into()).await;
        publisher.publish(payload).await;
        publisher.send().await;
    }
    json!({"received": receiving.await.unwrap().told()})
}
