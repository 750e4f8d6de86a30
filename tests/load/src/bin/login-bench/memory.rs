//! What an idle session costs a service, and an idle channel whoever has an end of it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use didshake_load::{idle_channels, resident};
use didshake_tests::Client;
use serde_json::Value;

use crate::figures::Part;
use crate::stored::{Store, Stored};
use crate::{Arguments, http};

const COUNTS: [u64; 3] = [1000, 10_000, 100_000];
/// A process may have 20,000 files open, and has both ends.
const CHANNELS_OF_A_PROCESS: u64 = 9000;
/// After which what a service needs for anybody is there.
const LOGINS: usize = 2000;

pub(crate) async fn measure(arguments: &Arguments) -> Value {
    let mut part = Part::new("memory");
    let counts = if arguments.full { &COUNTS[..] } else { &COUNTS[..2] };
    let first = Client::new([1; 32], b"");
    let empty = service(1, &first).await;
    for count in counts {
        let with = service(*count, &first).await;
        let each = |with: u64, without: u64| (with as f64 - without as f64) / *count as f64;
        let what = format!("memory of the service for a session, of {count}");
        part.add(&format!("session_bytes.{count}"), &what, "bytes", &[each(with.0, empty.0)], None);
        let what = format!("database file for a session, of {count}");
        part.add(&format!("session_file_bytes.{count}"), &what, "bytes", &[each(with.1, empty.1)], None);
    }
    let mut most = 0.0_f64;
    for count in counts {
        let what = format!("memory of an end of an idle channel, of {count}");
        let each = channels(*count);
        most = most.max(each);
        part.add(
            &format!("channel_bytes.{count}"),
            &what,
            "bytes",
            &[each],
            Some("Memory of an end of an idle channel"),
        );
    }
    part.add("channel_bytes", "memory of an end of an idle channel, at most", "bytes", &[most], None);
    part.done(&[
        "Resident memory of the process. A session is in the database alone: the service is measured after 2,000 logins, with and without those sessions.",
        "An end of a channel over TCP waits for what comes; its socket is the kernel's. At most 9,000 channels are in one process, and all of them are open at one time.",
    ])
}

/// Resident, and its database file, in bytes.
async fn service(count: u64, first: &Client) -> (u64, u64) {
    let stored = Stored::new(Store::Sqlite, count).await;
    http::as_many_as_possible(&stored.service, first, LOGINS).await;
    (resident(stored.service.process()), stored.database_bytes())
}

/// Tells what an end of so many costs, and keeps them open until whoever started this process is done.
pub(crate) async fn hold_channels(count: usize) {
    println!("{}", idle_channels(count).await.each);
    // It ends with whoever started this.
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
}

/// Bytes an end, the mean of all processes, while all of the channels are open.
fn channels(count: u64) -> f64 {
    let open: Vec<Channels> = shares(count).map(Channels::open).collect();
    open.iter().map(|channels| channels.each * channels.count as f64).sum::<f64>() / count as f64
}

/// How many are in each process.
fn shares(count: u64) -> impl Iterator<Item = u64> {
    let processes = count.div_ceil(CHANNELS_OF_A_PROCESS);
    (0..processes).map(move |number| count / processes + u64::from(number < count % processes))
}

/// Idle channels in a process of their own, until they are dropped.
struct Channels {
    count: u64,
    /// Bytes an end.
    each: f64,
    child: Child,
}

impl Channels {
    fn open(count: u64) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["channels", "--count", &count.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut told = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut told).unwrap();
        let each = told.trim().parse().unwrap();
        Self { count, each, child }
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_process_has_more_channels_than_it_may_and_none_is_left_out() {
        for count in COUNTS {
            assert_eq!(shares(count).sum::<u64>(), count);
            assert!(shares(count).all(|share| share <= CHANNELS_OF_A_PROCESS));
        }
    }
}
