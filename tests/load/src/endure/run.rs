//! The whole of it: sets up, starts, kills, waits, judges.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use didshake::{Did, Origin};
use didshake_peer::mailbox::SentState;
use didshake_tests::{Home, Service};
use serde_json::{Value, json};

use super::plan::{Kill, Victim, plan};
use super::roles::{agent, identity, notes, senders};
use crate::application::{Application, Verdict};
use crate::relay::relay;

const LOOK: Duration = Duration::from_millis(20);
/// What was handed over twice may come after everything else.
const AFTER_ALL: Duration = Duration::from_secs(3);
/// Nothing has come for so long: it hangs. Longer than the longest wait of an agent that lost its relay.
const PATIENCE: Duration = Duration::from_secs(330);

/// What is tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The program that has the roles: `endure`.
    pub program: PathBuf,
    /// Of all senders together.
    pub messages: usize,
    /// Of the relay; the recipient is killed as often, senders half as often.
    pub kills: usize,
    /// How many send.
    pub senders: usize,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Of everything that was handed to the application.
    pub verdict: Verdict,
    /// From the first process to the last message.
    pub took: Duration,
    /// Kills of the relay, the recipient, senders.
    pub killed: [usize; 3],
    /// Letters of which their senders do not know that they were taken.
    pub unsettled: usize,
}

struct Scene<'a> {
    trial: &'a Trial,
    relay: Service,
    recipient: Child,
    senders: Vec<Child>,
    directory: PathBuf,
    killed: [usize; 3],
}

/// Runs it in a home of its own.
///
/// # Panics
/// Where a process cannot be started, or ended by itself.
pub async fn run(trial: &Trial) -> Outcome {
    let home = Home::new();
    let relay = relay(&home);
    let directory = home.path("agents");
    introduce(&directory, &relay, trial.senders).await;
    let start = Instant::now();
    let mut scene = Scene::start(trial, relay, directory.clone());
    let application = Application::open(&notes(&directory)).await;
    let mut comes = true;
    for kill in plan(trial.messages, trial.kills, trial.senders) {
        comes = comes && wait_for(&application, kill.at).await;
        if !comes {
            break;
        }
        tokio::time::sleep(Duration::from_millis(kill.later)).await;
        tokio::task::block_in_place(|| scene.kill(kill));
    }
    // What does not come any more is lost, and judged so.
    let _ = comes && wait_for(&application, trial.messages).await;
    let took = start.elapsed();
    tokio::time::sleep(AFTER_ALL).await;
    let unsettled = settle(&directory, trial.senders).await;
    let senders: Vec<String> = senders(trial.senders).iter().map(|did| did.as_str().to_owned()).collect();
    let verdict = application.judge(&senders, trial.each()).await;
    Outcome { verdict, took, killed: scene.killed, unsettled }
}

impl Trial {
    /// Messages of one sender.
    fn each(&self) -> u64 {
        (self.messages / self.senders) as u64
    }
}

impl Outcome {
    /// Whether nothing was lost, handed over twice, or out of order.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.verdict.is_good() && self.unsettled == 0
    }

    /// For a report.
    #[must_use]
    pub fn told(&self) -> Value {
        let Verdict { handed, lost, twice, out_of_order } = &self.verdict;
        let [relay, recipient, senders] = self.killed;
        let first = |list: &[(String, u64)]| list.first().map(|(sender, number)| format!("{sender} {number}"));
        json!({
            "handed_over": handed, "lost": lost.len(), "twice": twice.len(), "out_of_order": out_of_order.len(),
            "first": [first(lost), first(twice), first(out_of_order)], "senders_do_not_know": self.unsettled,
            "killed": {"relay": relay, "recipient": recipient, "senders": senders}, "seconds": self.took.as_secs_f64(),
            "messages_a_second": *handed as f64 / self.took.as_secs_f64(),
        })
    }
}

impl<'a> Scene<'a> {
    fn start(trial: &'a Trial, relay: Service, directory: PathBuf) -> Self {
        let recipient = role(trial, &directory, Victim::Recipient);
        let senders = (0..trial.senders).map(|number| role(trial, &directory, Victim::Sender(number))).collect();
        Self { trial, relay, recipient, senders, directory, killed: [0; 3] }
    }

    /// SIGKILL, and at once a new start.
    fn kill(&mut self, kill: Kill) {
        let (child, count) = match kill.victim {
            Victim::Relay => {
                self.relay.kill();
                self.relay.restart();
                self.killed[0] += 1;
                return;
            }
            Victim::Recipient => (&mut self.recipient, 1),
            Victim::Sender(number) => (&mut self.senders[number], 2),
        };
        let ended = child.try_wait().expect("a process");
        assert!(ended.is_none(), "{:?} ended by itself; {} says why", kill.victim, self.directory.display());
        child.kill().expect("a process");
        child.wait().expect("a process");
        *child = role(self.trial, &self.directory, kill.victim);
        self.killed[count] += 1;
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        for child in self.senders.iter_mut().chain([&mut self.recipient]) {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            for name in ["recipient.log".to_owned()].into_iter().chain((0..self.senders.len()).map(log_of)) {
                eprintln!("{name}:\n{}", std::fs::read_to_string(self.directory.join(&name)).unwrap_or_default());
            }
        }
    }
}

fn log_of(sender: usize) -> String {
    format!("sender-{sender}.log")
}

fn role(trial: &Trial, directory: &Path, role: Victim) -> Child {
    let mut command = Command::new(&trial.program);
    let log = match role {
        Victim::Sender(number) => {
            command.args(["send", "--number", &number.to_string(), "--messages", &trial.each().to_string()]);
            log_of(number)
        }
        Victim::Relay | Victim::Recipient => {
            command.arg("receive");
            "recipient.log".to_owned()
        }
    };
    let log = File::options().create(true).append(true).open(directory.join(log)).expect("a log");
    command.arg("--directory").arg(directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command.spawn().expect("the program starts")
}

/// The recipient opens its mailbox, and gives each sender what their contact cards would.
async fn introduce(directory: &Path, relay: &Service, count: usize) {
    std::fs::create_dir_all(directory).expect("a directory");
    let (origin, did) = (Origin::parse(&relay.origin).expect("an origin"), Did::parse(&relay.did).expect("a DID"));
    let recipient = agent(directory, None).await;
    let mailbox = recipient.open_mailbox(&origin, &did).await.expect("a mailbox");
    for (number, sender) in senders(count).iter().enumerate() {
        let address = recipient.give_token(&mailbox.origin, sender.as_str(), None).await.expect("a token");
        recipient.add_contact(sender, None).await.expect("the store");
        let sender = agent(directory, Some(number)).await;
        sender.add_contact(identity(None).did(), Some(address)).await.expect("the store");
    }
}

/// Whether so many were handed over, before nothing came for too long.
async fn wait_for(application: &Application, count: usize) -> bool {
    let (mut since, mut before) = (Instant::now(), 0);
    loop {
        let now = application.count().await;
        if now >= count {
            return true;
        }
        if now > before {
            (since, before) = (Instant::now(), now);
        }
        if since.elapsed() > PATIENCE {
            return false;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Waits until the senders know of everything that it was taken; how many letters they do not know it of.
async fn settle(directory: &Path, senders: usize) -> usize {
    let (start, mut left) = (Instant::now(), 1);
    while left > 0 && start.elapsed() < PATIENCE {
        left = 0;
        for number in 0..senders {
            let agent = agent(directory, Some(number)).await;
            let mut after = 0;
            loop {
                let page = agent.store().sent_after(after, 1000).await.expect("the store");
                let Some(last) = page.last() else { break };
                after = last.number;
                left += page.iter().filter(|letter| letter.state != SentState::Taken).count();
            }
        }
        tokio::time::sleep(LOOK * 25).await;
    }
    left
}
