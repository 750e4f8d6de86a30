//! Mailboxes and deposits, in both databases.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use didshake::relay::{DepositName, DepositState, MailboxName, RelayCode, TokenHash};
use didshake_axum::StoreError;

use super::*;

const BOUNDS: MailboxBounds = MailboxBounds { mailboxes: 10, waiting: 100_000, bytes: 1 << 30, states: 400 };
const TOKEN: TokenHash = TokenHash([7; 32]);
const PATH: &str = "DIDSHAKE_TEST_MAILBOXES";

struct Relay {
    database: Database,
    mailboxes: Mailboxes,
    deposits: Deposits,
}

impl Relay {
    fn of(database: Database) -> Self {
        let (mailboxes, deposits) = (Mailboxes::new(database.clone(), BOUNDS), Deposits::new(database.clone()));
        Self { database, mailboxes, deposits }
    }

    async fn at(place: &TestPlace) -> Self {
        Self::of(place.open().await.database)
    }

    /// A mailbox with a token.
    async fn mailbox(&self, seed: u8) -> MailboxName {
        let owner = Did::parse(&format!("did:web:{seed}.example")).unwrap();
        let (mailbox, _) = self.mailboxes.open(&owner, MailboxName([seed; 16]), NOW).await.unwrap();
        self.mailboxes.let_in(&mailbox.name, &TOKEN, &TokenLimits::default()).await.unwrap();
        mailbox.name
    }

    async fn commit(&self, jobs: Vec<(MailboxName, BatchJob)>, now: UnixTime) -> Vec<BatchResult> {
        self.deposits.commit(jobs, &BOUNDS, now).await.unwrap()
    }

    async fn deposit(&self, mailbox: MailboxName, numbers: &[u32]) {
        let [result] = self.commit(vec![(mailbox, job(numbers))], NOW).await.try_into().unwrap();
        assert_eq!(result.unwrap().states, vec![DepositState::Waiting; numbers.len()]);
    }

    async fn answer(&self, mailbox: MailboxName, taken: &[u64], refused: &[u64]) {
        let answers = Answers { taken: taken.to_vec(), refused: refused.to_vec() };
        assert!(self.commit(vec![(mailbox, BatchJob::Answer(answers))], NOW).await[0].is_ok());
    }

    /// What is shown, as (sequence, number).
    async fn shown(&self, mailbox: MailboxName, after: u64) -> Vec<(u64, u32)> {
        let page = self.deposits.page(&mailbox, after, 256, u64::MAX, NOW).await.unwrap();
        page.iter().map(|one| (one.sequence, number_of(&one.envelope))).collect()
    }

    async fn states(&self, mailbox: MailboxName, numbers: &[u32], now: UnixTime) -> Vec<DepositState> {
        let names: Vec<DepositName> = numbers.iter().map(|number| DepositName::of(&envelope(*number))).collect();
        self.deposits.states(&mailbox, &TOKEN, &names, now).await.unwrap()
    }

    /// Deposits and bytes that wait, as mailbox and token have counted them.
    async fn counted(&self, seed: u8) -> [(u64, u64); 2] {
        let owner = Did::parse(&format!("did:web:{seed}.example")).unwrap();
        let mailbox = self.mailboxes.of(&owner).await.unwrap().unwrap();
        let tokens = self.mailboxes.tokens(&mailbox.name).await.unwrap();
        [(mailbox.waiting, mailbox.bytes), (tokens[0].waiting, tokens[0].bytes)]
    }
}

fn envelope(number: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[0xA5; 96]].concat()
}

fn number_of(envelope: &[u8]) -> u32 {
    u32::from_be_bytes(envelope[..4].try_into().unwrap())
}

fn job(numbers: &[u32]) -> BatchJob {
    job_until(numbers, NOW.plus(1000))
}

fn job_until(numbers: &[u32], expires: UnixTime) -> BatchJob {
    let one = |number: &u32| {
        let envelope = envelope(*number);
        NewDeposit { name: DepositName::of(&envelope), expires, envelope }
    };
    BatchJob::Deposit(TOKEN, numbers.iter().map(one).collect())
}

// R-RLY-2, R-RLY-6
#[tokio::test]
async fn deposits_of_one_transaction_keep_their_order_and_each_its_result() {
    for place in both() {
        let relay = Relay::at(&place).await;
        let (one, other) = (relay.mailbox(1).await, relay.mailbox(2).await);
        let unknown = BatchJob::Deposit(TokenHash([8; 32]), Vec::new());
        let many: Vec<u32> = (100..140).collect();
        let jobs = vec![
            (other, job(&[1])),
            (one, job(&[1, 2])),
            (MailboxName([9; 16]), job(&[1])),
            (one, unknown),
            (one, job(&[2, 3, 3])),
            (one, job(&many)),
        ];
        let results = relay.commit(jobs, NOW).await;
        let new: Vec<_> =
            results.iter().map(|result| result.as_ref().map(|placed| placed.new).map_err(|code| *code)).collect();
        assert_eq!(new, [Ok(1), Ok(2), Err(RelayCode::Token), Err(RelayCode::Token), Ok(1), Ok(40)]);
        assert_eq!(results[4].as_ref().unwrap().states, [DepositState::Waiting; 3]);
        let shown: Vec<u32> = relay.shown(one, 0).await.iter().map(|(_, number)| *number).collect();
        assert_eq!(shown, [&[1, 2, 3], many.as_slice()].concat());
        assert_eq!(relay.counted(1).await, [(43, 4300); 2]);
        assert_eq!(relay.shown(other, 0).await.len(), 1);

        // A page is as long as it may be, and one at least.
        let page = async |most, bytes| relay.deposits.page(&one, 0, most, bytes, NOW).await.unwrap().len();
        assert_eq!([page(5, 9999).await, page(64, 450).await, page(64, 1).await], [5, 4, 1]);

        // A number that was drawn for what was there already is nobody's.
        relay.answer(one, &[1, 2, 3, 99], &[4]).await;
        let after = relay.commit(vec![(one, job(&[1, 3]))], NOW).await;
        assert_eq!(after[0].as_ref().unwrap().states, [DepositState::Taken, DepositState::Refused]);
        assert_eq!((after[0].as_ref().unwrap().new, relay.counted(1).await), (0, [(40, 4000); 2]));
        let kept: Vec<u64> = relay.deposits.still_waiting(&one, &[4, 6, 7, 999], NOW).await.unwrap();
        assert_eq!(HashSet::from_iter(kept), HashSet::from([6, 7]));
    }
}

// R-RLY-2: two relays on one database, and an owner that reads while they write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_is_shown_before_a_lower_one_that_comes_later() {
    for place in both() {
        let relays = [Relay::at(&place).await, Relay::at(&place).await].map(Arc::new);
        let mailbox = relays[0].mailbox(1).await;
        let over = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..6_u32)
            .map(|writer| {
                let relay = Arc::clone(&relays[writer as usize % 2]);
                tokio::spawn(async move {
                    for round in 0..20 {
                        let first = writer * 1000 + round * 2;
                        relay.deposit(mailbox, &[first, first + 1]).await;
                    }
                })
            })
            .collect();
        let reader = tokio::spawn({
            let (relay, over) = (Arc::clone(&relays[1]), Arc::clone(&over));
            async move {
                let mut seen: Vec<(u64, u32)> = Vec::new();
                loop {
                    let is_last = over.load(Ordering::Acquire);
                    let after = seen.last().map_or(0, |(sequence, _)| *sequence);
                    let page = relay.shown(mailbox, after).await;
                    if is_last && page.is_empty() {
                        return seen;
                    }
                    seen.extend(page);
                }
            }
        });
        for writer in writers {
            writer.await.unwrap();
        }
        over.store(true, Ordering::Release);
        let seen = reader.await.unwrap();
        // Whoever reads above the highest number that it has seen misses nothing.
        assert_eq!(seen.len(), 240);
        for writer in 0..6 {
            let own = seen.iter().map(|(_, number)| *number).filter(|number| number / 1000 == writer);
            assert!(own.is_sorted(), "the order of one depositor");
        }
        assert_eq!(relays[0].counted(1).await, [(240, 24_000); 2]);
    }
}

// R-RLY-1
#[tokio::test]
async fn what_nobody_takes_expires_and_its_state_is_kept_for_a_week() {
    const WEEK: u64 = 604_800;
    for place in both() {
        let relay = Relay::at(&place).await;
        let mailbox = relay.mailbox(1).await;
        relay.deposit(mailbox, &[1, 2]).await;
        relay.commit(vec![(mailbox, job_until(&[3], NOW.plus(2000)))], NOW).await;
        relay.answer(mailbox, &[1], &[]).await;
        let (end, all) = (NOW.plus(1000), [1, 2, 3]);
        sweeper::sweep_all(&relay.database, NOW.plus(999)).await.unwrap();
        assert_eq!(relay.counted(1).await, [(2, 200); 2]);
        let expected = [DepositState::Taken, DepositState::Expired, DepositState::Waiting];
        assert_eq!(relay.states(mailbox, &all, end).await, expected, "also before anybody sweeps");
        assert_eq!(relay.deposits.page(&mailbox, 0, 64, 9999, end).await.unwrap().len(), 1);
        sweeper::sweep_all(&relay.database, end).await.unwrap();
        assert_eq!(relay.counted(1).await, [(1, 100); 2]);
        assert_eq!(relay.states(mailbox, &all, end).await, expected);
        let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM deposits WHERE envelope IS NOT NULL")
            .fetch_one(&relay.database.reader)
            .await
            .unwrap();
        assert_eq!(kept, 1, "envelopes of what is decided are gone");
        // Too late to be taken.
        relay.answer(mailbox, &[2], &[]).await;
        assert_eq!(relay.states(mailbox, &all, end).await, expected);
        sweeper::sweep_all(&relay.database, NOW.plus(WEEK)).await.unwrap();
        assert_eq!(relay.states(mailbox, &all, end).await[..2], [DepositState::Unknown, DepositState::Expired]);
        sweeper::sweep_all(&relay.database, end.plus(WEEK)).await.unwrap();
        assert_eq!(relay.states(mailbox, &all, end).await[..2], [DepositState::Unknown; 2]);
        assert_eq!(relay.counted(1).await, [(0, 0); 2]);
    }
}

// R-RLY-4
#[tokio::test]
async fn states_are_bounded_however_soon_deposits_are_decided() {
    for place in both() {
        let relay = Relay::at(&place).await;
        let mailbox = relay.mailbox(1).await;
        let numbers: Vec<u32> = (0..1000).collect();
        relay.deposit(mailbox, &numbers[..1]).await;
        for some in numbers[1..].chunks(111) {
            relay.deposit(mailbox, some).await;
            let shown: Vec<u64> = relay.shown(mailbox, 1).await.iter().map(|(sequence, _)| *sequence).collect();
            relay.answer(mailbox, &shown, &[]).await;
        }
        let states = relay.states(mailbox, &numbers, NOW).await;
        let of = |state| states.iter().filter(|found| **found == state).count();
        assert_eq!((states[0], of(DepositState::Waiting)), (DepositState::Waiting, 1), "what waits stays");
        // The oldest are gone, and it was looked 256 deposits ago at the latest.
        assert!((400..=656).contains(&of(DepositState::Taken)), "{}", of(DepositState::Taken));
        assert!(states[1..300].iter().all(|state| *state == DepositState::Unknown));
        assert_eq!(states[999], DepositState::Taken);
    }
}

#[tokio::test]
async fn a_token_that_comes_back_has_what_waits_under_it_and_one_that_ended_is_gone() {
    for place in both() {
        let relay = Relay::at(&place).await;
        let mailbox = relay.mailbox(1).await;
        relay.deposit(mailbox, &[1, 2]).await;
        assert!(relay.mailboxes.revoke(&mailbox, &TOKEN).await.unwrap());
        assert!(!relay.mailboxes.revoke(&mailbox, &TOKEN).await.unwrap());
        assert!(!relay.mailboxes.knows(&mailbox, &TOKEN, NOW).await.unwrap());
        assert_eq!(relay.commit(vec![(mailbox, job(&[3]))], NOW).await, [Err(RelayCode::Token)]);
        // The owner can answer what a revoked token has left.
        relay.answer(mailbox, &[1], &[]).await;
        let limits = TokenLimits { ends: Some(NOW.plus(50)), ..TokenLimits::default() };
        assert_eq!(relay.mailboxes.let_in(&mailbox, &TOKEN, &limits).await.unwrap(), LetIn::New);
        assert_eq!(relay.counted(1).await, [(1, 100); 2]);
        assert!(relay.mailboxes.knows(&mailbox, &TOKEN, NOW.plus(49)).await.unwrap());
        assert!(!relay.mailboxes.knows(&mailbox, &TOKEN, NOW.plus(50)).await.unwrap());
        assert_eq!(relay.commit(vec![(mailbox, job(&[3]))], NOW.plus(50)).await, [Err(RelayCode::Token)]);
        sweeper::sweep_all(&relay.database, NOW.plus(49)).await.unwrap();
        assert_eq!(relay.mailboxes.tokens(&mailbox).await.unwrap().len(), 1);
        sweeper::sweep_all(&relay.database, NOW.plus(50)).await.unwrap();
        assert!(relay.mailboxes.tokens(&mailbox).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn tokens_and_mailboxes_are_bounded_and_a_closed_one_leaves_nothing() {
    for place in both() {
        let relay = Relay::at(&place).await;
        let mailbox = relay.mailbox(1).await;
        let let_in = async |seed: u32| {
            let mut hash = [0; 32];
            hash[..4].copy_from_slice(&seed.to_be_bytes());
            relay.mailboxes.let_in(&mailbox, &TokenHash(hash), &TokenLimits::default()).await.unwrap()
        };
        for seed in 1..1024 {
            assert_eq!(let_in(seed).await, LetIn::New);
        }
        assert_eq!([let_in(1024).await, let_in(1).await], [LetIn::Full, LetIn::Changed]);
        for seed in 2..=10 {
            relay.mailbox(seed).await;
        }
        let owner = Did::parse("did:web:11.example").unwrap();
        let refused = relay.mailboxes.open(&owner, MailboxName([11; 16]), NOW).await;
        assert!(matches!(refused, Err(StoreError::Full)));
        relay.deposit(mailbox, &[1, 2]).await;
        assert!(relay.mailboxes.close(&mailbox).await.unwrap());
        assert!(!relay.mailboxes.close(&mailbox).await.unwrap());
        assert_eq!(relay.states(mailbox, &[1], NOW).await, [DepositState::Unknown]);
        assert!(relay.mailboxes.open(&owner, MailboxName([11; 16]), NOW).await.unwrap().1);
        assert!(!relay.mailboxes.open(&owner, MailboxName([12; 16]), NOW).await.unwrap().1);
    }
}

#[tokio::test]
async fn after_a_restore_numbers_go_on_above_all_that_were_shown() {
    for place in both() {
        let relay = Relay::at(&place).await;
        let mailbox = relay.mailbox(1).await;
        relay.deposit(mailbox, &[1]).await;
        relay.database.note_restored(NOW).await.unwrap();
        relay.deposit(mailbox, &[2]).await;
        // An owner that has seen a million numbers since the backup asks for what is above them.
        assert_eq!(relay.shown(mailbox, 1_000_000).await.len(), 1);
        assert_eq!(relay.shown(mailbox, 0).await.len(), 2);
    }
}

/// Not a test by itself: the process that is killed. It says each number once it is deposited, and what it has answered.
#[test]
#[ignore = "run by what_was_deposited_survives_a_kill"]
fn child() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let relay = Relay::of(Database::open(Path::new(&path)).await.unwrap());
        let mailbox = relay.mailbox(1).await;
        for number in 1..u32::MAX {
            relay.deposit(mailbox, &[number]).await;
            if number.is_multiple_of(3) {
                relay.answer(mailbox, &[u64::from(number)], &[]).await;
            }
            println!("\ndone {number}");
        }
    });
}

// R-RLY-1
#[tokio::test]
async fn what_was_deposited_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("db");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::mailboxes::child", "--ignored", "--nocapture"])
        .env(PATH, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let numbers = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("done ")?.parse::<u32>().ok());
    let last = numbers.take(40).last();
    child.kill().unwrap();
    child.wait().unwrap();
    let last = last.expect("the child did something");

    let relay = Relay::of(Database::open(&path).await.unwrap());
    let mailbox = MailboxName([1; 16]);
    let all: Vec<u32> = (1..=last).collect();
    for (number, state) in all.iter().zip(relay.states(mailbox, &all, NOW).await) {
        let expected = if number.is_multiple_of(3) { DepositState::Taken } else { DepositState::Waiting };
        assert_eq!(state, expected, "{number}");
    }
    // What was under way is whole, or not there; counts are right, and it goes on.
    relay.deposit(mailbox, &[u32::MAX]).await;
    let shown = relay.shown(mailbox, 0).await;
    assert_eq!(shown.last().map(|(_, number)| *number), Some(u32::MAX));
    assert_eq!(relay.counted(1).await, [(shown.len() as u64, 100 * shown.len() as u64); 2]);
}
