//! Recipients that are killed: every letter comes, once, in order.

use std::process::{Command, Stdio};
use std::time::Duration;

use sqlx::Connection as _;

use super::{World, agent, texts, until, write};
use crate::service::identity;

const PATH: &str = "DIDSHAKE_TEST_AGENT";
const LETTERS: usize = 400;

/// Not a test by itself: the recipient that is killed.
#[test]
#[ignore = "run by a_killed_recipient_gets_each_letter_once_and_in_order"]
fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let bob = agent(path.as_ref(), identity(2), Default::default()).await;
        bob.run().await.unwrap();
    });
}

// R-RLY-9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_recipient_gets_each_letter_once_and_in_order() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let expected: Vec<String> = (0..LETTERS).map(|number| format!("letter {number}")).collect();
    let writing = tokio::spawn({
        let (alice, bob, expected) = (alice.clone(), bob.clone(), expected.clone());
        async move {
            for some in expected.chunks(20) {
                for text in some {
                    write(&alice, &bob, text).await;
                }
                alice.deliver().await.unwrap();
            }
        }
    });
    for life in 1..=5 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "agents::killed::child", "--ignored", "--nocapture"])
            .env(PATH, world.path("2"))
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Killed while it takes: each life gets a part of them.
        until("some come", async || texts(&bob).await.len() >= life * LETTERS / 8).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    writing.await.unwrap();
    until("the rest comes", async || {
        bob.fetch(0).await.unwrap();
        texts(&bob).await.len() >= LETTERS
    })
    .await;
    assert_eq!(texts(&bob).await, expected);
    world.relay.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_another_process_holds_for_long_ends_nothing() {
    let world = World::new().await;
    let (alice, bob) = world.friends().await;
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", world.path("2").display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let runs = bob.clone();
    let running = tokio::spawn(async move { runs.run().await });
    // Longer than anything waits for a lock.
    tokio::time::sleep(Duration::from_secs(7)).await;
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    write(&alice, &bob, "hello").await;
    alice.deliver().await.unwrap();
    until("it comes", async || running.is_finished() || texts(&bob).await.len() == 1).await;
    assert!(!running.is_finished());
    running.abort();
    world.relay.end().await;
}
