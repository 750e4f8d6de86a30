//! What was told to be done is there after `kill -9`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use super::*;

const PATH: &str = "DIDSHAKE_TEST_DATABASE";

/// Not a test by itself: the process that is killed. It says each number once it is burned and its nonce used.
#[test]
#[ignore = "run by what_was_done_survives_a_kill"]
fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let stores = open(Path::new(&path)).await;
        stores.sessions.create(record(1, ALICE, NOW)).await.unwrap();
        for number in 0..u8::MAX {
            stores.burns.burn(&[number; 32], NOW.plus(60), NOW).await.unwrap();
            stores.sessions.use_once(&[1; 16], &[number; 16], NOW.plus(61), NOW).await.unwrap();
            println!("\ndone {number}");
        }
        std::future::pending::<()>().await;
    });
}

// R-STATE-6, R-REQ-8
#[tokio::test]
async fn what_was_done_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::crash::child", "--ignored", "--nocapture"])
        .env(PATH, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let numbers = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("done ")?.parse::<u8>().ok());
    let last = numbers.take(20).last();
    child.kill().unwrap();
    child.wait().unwrap();
    let last = last.expect("the child did something");

    let stores = open(&path).await;
    for number in 0..=last {
        let burned = stores.burns.burn(&[number; 32], NOW.plus(60), NOW).await.unwrap();
        let used = stores.sessions.use_once(&[1; 16], &[number; 16], NOW.plus(61), NOW).await.unwrap();
        assert_eq!((burned, used), (Burn::Again, Use::Replayed), "{number}");
    }
    let burned = stores.burns.burn(&[255; 32], NOW.plus(60), NOW).await.unwrap();
    assert_eq!(burned, Burn::First, "it still works");
}
