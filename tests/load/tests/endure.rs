//! What `cargo xtask endure` does, in small.

use didshake_load::{Trial, run};

// R-RLY-1, R-RLY-2, R-RLY-6, R-RLY-9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_handed_over_twice_whatever_is_killed() {
    let trial = Trial { program: env!("CARGO_BIN_EXE_endure").into(), messages: 2000, kills: 4, senders: 4 };
    let outcome = run(&trial).await;
    assert!(outcome.is_good() && outcome.verdict.handed == 2000, "{}", outcome.told());
    assert_eq!(outcome.killed, [4, 4, 2]);
}
