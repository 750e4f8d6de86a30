//! What was confirmed is there after `kill -9`, and nothing is there by halves.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use didshake_peer::mailbox::{AgentStore, Taken};

use super::letters::{NOW, id, of_bob, open, to_bob};

const PATH: &str = "DIDSHAKE_TEST_STORE";

/// Not a test by itself: the process that is killed. It says each number once the letter is taken and its answer queued.
#[test]
#[ignore = "run by what_was_confirmed_survives_a_kill"]
fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = open(path.as_ref()).await;
        for number in (0..u32::MAX).step_by(2) {
            let taken = store.take(&[of_bob(number), of_bob(number + 1)], NOW).await.unwrap();
            if taken == [Taken::Again, Taken::Again] {
                continue;
            }
            store.queue(&to_bob(number)).await.unwrap();
            println!("\ndone {number}");
        }
    });
}

// R-RLY-9
#[tokio::test]
async fn what_was_confirmed_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.sqlite");
    let mut last = 0;
    for _ in 0..3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::child", "--ignored", "--nocapture"])
            .env(PATH, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("done ")?.parse::<u32>().ok());
        last = numbers.take(20).last().expect("the child did something");
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let store = open(&path).await;
    let inbox = store.inbox(0, 10_000).await.unwrap();
    // Each letter once, in order, and both of a transaction or none.
    let contents: Vec<Vec<u8>> = inbox.iter().map(|letter| letter.content.to_vec()).collect();
    let expected: Vec<Vec<u8>> = (0..inbox.len()).map(|number| format!("letter {number}").into_bytes()).collect();
    assert_eq!(contents, expected);
    assert!(inbox.len().is_multiple_of(2) && inbox.len() as u32 >= last + 2);
    assert!(inbox.windows(2).all(|pair| pair[0].number < pair[1].number));
    assert!(store.sent(&id(last)).await.unwrap().is_some());
}
