//! What an idle session costs a service, and an idle channel whoever has an end of it.

use std::process::Command;

use didshake_load::resident;
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
        "An end of a channel over TCP waits for what comes; its socket is the kernel's. Of many, 9,000 channels are in one process.",
    ])
}

/// Resident, and its database file, in bytes.
async fn service(count: u64, first: &Client) -> (u64, u64) {
    let stored = Stored::new(Store::Sqlite, count).await;
    http::as_many_as_possible(&stored.service, first, LOGINS).await;
    (resident(stored.service.process()), stored.database_bytes())
}

/// Bytes an end, the mean of all processes.
fn channels(count: u64) -> f64 {
    let processes = count.div_ceil(CHANNELS_OF_A_PROCESS);
    let each = count / processes;
    let start = |_| {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["channels", "--count", &each.to_string()]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().parse::<f64>().unwrap()
    };
    // One after the other: what is resident in one is not in another.
    let bytes: Vec<f64> = (0..processes).map(start).collect();
    bytes.iter().sum::<f64>() / bytes.len() as f64
}
