//! One conversation: letters and a channel, in and out.

use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use didshake::Did;
use didshake::card::CardEndpoint;
use didshake::mailbox::{MAX_LETTER_SECONDS, MessageId};
use didshake_did::{Clock, SystemClock};
use didshake_peer::mailbox::{InboxLetter, SentState};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::agent::{Post, of_agent, of_store, trouble};
use crate::channel_failure::channel_failure;
use crate::failure::{Exit, Failure};
use crate::letters::{TEXT, content_lines, inbox_json};
use crate::output::printable;
use crate::talk::live::{Heard, Live, answer, seek};
use crate::talk::{Front, Line, Said, With};

/// Another program may have changed the store: it is looked at this often.
const LOOK: Duration = Duration::from_secs(1);
/// What was said last may take so long to leave at the end.
const FAREWELL: Duration = Duration::from_secs(10);
const PAGE: u32 = 64;
/// Who was not there is looked for again after this; each further wait is twice as long, unless they say something.
const FIRST_WAIT: Duration = Duration::from_secs(4);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Calls that are answered at one time: as many as a mailbox has circuits.
const CALLS: usize = 16;

type Seeking = Pin<Box<dyn Future<Output = (Option<Live>, Option<Did>)>>>;

pub(super) struct Session<'a> {
    front: Front,
    with: With,
    post: &'a Post,
    did: Did,
    has_mailbox: bool,
    said: Vec<Said>,
    /// Letters of ours that are under way, and where they stand in `said`.
    under_way: Vec<(MessageId, usize)>,
    method: Option<String>,
    live: Option<Live>,
    /// Where a channel may lead; `None` where none is wanted.
    endpoints: Option<Vec<CardEndpoint>>,
    seek_at: Instant,
    wait: Duration,
}

impl<'a> Session<'a> {
    /// `endpoints` where a channel is wanted.
    pub(super) fn new(
        front: Front,
        with: With,
        post: &'a Post,
        (did, has_mailbox): (Did, bool),
        endpoints: Option<Vec<CardEndpoint>>,
    ) -> Self {
        Self {
            front,
            with,
            post,
            did,
            has_mailbox,
            said: Vec::new(),
            under_way: Vec::new(),
            method: None,
            live: None,
            endpoints,
            seek_at: Instant::now(),
            wait: FIRST_WAIT,
        }
    }

    pub(super) fn alarm(&mut self, text: &str) {
        self.front.note(text, true);
    }

    /// Until the input ends.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        let agent = self.post.agent.clone();
        let wants_channel = self.endpoints.is_some();
        let mut offers = agent.offers();
        if !wants_channel {
            // Whoever asks is told at once that nobody answers.
            offers.close();
        }
        let mut changes = agent.changes();
        let running = agent.run();
        let mut running = std::pin::pin!(running);
        let mut input = self.front.input();
        let (mut seeking, mut answering) = (None, Answering::default());
        self.by_letters();
        self.look().await?;
        let mut look_at = Instant::now() + LOOK;
        loop {
            tokio::select! {
                ended = &mut running => return Err(match ended {
                    Err(error) => of_agent(&error, &self.post.failures),
                    Ok(never) => match never {},
                }),
                typed = input.next() => match self.front.typed(typed) {
                    Line::Say(text) => self.say(&text).await?,
                    Line::End => break,
                    Line::None => {}
                },
                found = maybe(&mut seeking) => {
                    seeking = None;
                    self.found(found);
                }
                Some(live) = answering.next() => {
                    (seeking, answering) = (None, Answering::default());
                    self.found((Some(live), None));
                }
                // Where both call at once, the call of the lesser DID counts.
                Some(offer) = offers.recv(), if wants_channel => {
                    let yields = agent.identity().did().as_str() > self.did.as_str();
                    if seeking.is_none() || yields {
                        let (surroundings, did) = (self.post.surroundings.clone(), self.did.clone());
                        answering.take(Box::pin(answer(agent.clone(), surroundings, did, offer)));
                    }
                }
                () = tokio::time::sleep_until(self.seek_at), if wants_channel && seeking.is_none() && self.live.is_none() => {
                    seeking = Some(self.seek());
                }
                heard = hear(&mut self.live) => self.heard(heard),
                _ = changes.changed() => self.look().await?,
                () = tokio::time::sleep_until(look_at) => {
                    look_at = Instant::now() + LOOK;
                    self.look().await?;
                }
            }
            crate::output::check()?;
        }
        tokio::select! {
            ended = self.leave() => ended,
            _ = &mut running => pending().await,
        }
    }

    fn seek(&mut self) -> Seeking {
        let (agent, surroundings) = (self.post.agent.clone(), self.post.surroundings.clone());
        let endpoints = self.endpoints.clone().unwrap_or_default();
        Box::pin(seek(agent, surroundings, self.did.clone(), endpoints, self.has_mailbox))
    }

    fn by_letters(&mut self) {
        self.with.how = match self.has_mailbox {
            true => "by letters: each is signed, and sealed to its reader".to_owned(),
            false => "not connected, and it takes no letters".to_owned(),
        };
        self.front.with(&self.with);
    }

    fn found(&mut self, (live, alarm): (Option<Live>, Option<Did>)) {
        if let Some(claimed) = alarm {
            let text = format!("SOMEBODY ELSE ANSWERS AT AN ENDPOINT OF {}: it claims to be {claimed}", self.with.name);
            self.front.note(&text, true);
        }
        let Some(live) = live else {
            self.seek_at = Instant::now() + self.wait;
            self.wait = (self.wait * 2).min(LONGEST_WAIT);
            return;
        };
        self.wait = FIRST_WAIT;
        let words = live.words.as_ref().map(|words| format!("; to compare by voice: {words}")).unwrap_or_default();
        self.with.how = format!("live, by way of {}; verified just now with {}{words}", live.to, live.method);
        self.key(&live.method.clone());
        self.live = Some(live);
        self.front.with(&self.with);
    }

    /// Another key than before is told: its DID document has it, or nothing would be verified.
    fn key(&mut self, method: &str) {
        if self.method.as_deref().is_some_and(|before| before != method) {
            self.front.note(&format!("{} NOW USES ANOTHER KEY: {method}", self.with.name), true);
        }
        self.method = Some(method.to_owned());
    }

    fn heard(&mut self, heard: Option<Heard>) {
        let ended = match heard {
            Some(Heard::Said(content)) => {
                let text = String::from_utf8_lossy(&content).trim_end_matches('\n').to_owned();
                self.push(Said {
                    state: None,
                    by: "channel",
                    id: None,
                    number: None,
                    text: printable(&text),
                    at: SystemClock.now(),
                    content: json!({"text": text}),
                });
                return;
            }
            Some(Heard::Ended(ended)) => ended,
            None => None,
        };
        self.live = None;
        self.seek_at = Instant::now() + self.wait;
        match ended {
            Some(error) => {
                let text = format!("{}; what was sent last may not have come", channel_failure(&error).message());
                self.front.note(&text, true);
            }
            None => self.front.note("(the channel is closed)", false),
        }
        self.by_letters();
    }

    async fn say(&mut self, text: &str) -> Result<(), Failure> {
        let now = SystemClock.now();
        let mut said = Said {
            state: Some("sent"),
            by: "channel",
            id: None,
            number: None,
            text: printable(text),
            at: now,
            content: json!({"text": text}),
        };
        if let Some(live) = &self.live
            && live.say.try_send(format!("{text}\n").into_bytes()).is_ok()
        {
            self.push(said);
            return Ok(());
        }
        if !self.has_mailbox {
            self.front.note("(nobody is there, and it takes no letters: this was not sent)", true);
            return Ok(());
        }
        let written = self.post.agent.write(&self.did, TEXT, text.as_bytes(), now.plus(MAX_LETTER_SECONDS)).await;
        let id = written.map_err(|error| of_agent(&error, &self.post.failures))?;
        (said.state, said.by, said.id) = (Some(SentState::Queued.as_str()), "letter", Some(hex::encode(id)));
        self.under_way.push((id, self.said.len()));
        self.push(said);
        Ok(())
    }

    fn push(&mut self, said: Said) {
        self.said.push(said);
        self.front.said(&self.said, &self.with);
    }

    /// Letters that came, and what became of ours.
    async fn look(&mut self) -> Result<(), Failure> {
        let mut after = 0;
        loop {
            let page = self.post.agent.store().unread(after, PAGE).await.map_err(|error| of_store(&error))?;
            let Some(last) = page.last() else { break };
            after = last.number;
            for letter in page {
                if letter.sender != self.did {
                    continue;
                }
                self.came(&letter);
                let marked = self.post.agent.mark_read(std::slice::from_ref(&letter)).await;
                marked.map_err(|error| of_agent(&error, &self.post.failures))?;
            }
        }
        for (id, at) in std::mem::take(&mut self.under_way) {
            self.follow(id, at).await?;
        }
        Ok(())
    }

    fn came(&mut self, letter: &InboxLetter) {
        self.key(&letter.method);
        // Perhaps they are there.
        self.wait = FIRST_WAIT;
        self.seek_at = self.seek_at.min(Instant::now() + FIRST_WAIT);
        let lines = content_lines(&letter.content_type, &letter.content);
        let lines: Vec<&str> = lines.iter().map(|line| line.strip_prefix("  | ").unwrap_or(line)).collect();
        let told = inbox_json(letter, None);
        let member = |name: &str| told.get(name).cloned().unwrap_or_default();
        self.push(Said {
            state: None,
            by: "letter",
            id: Some(hex::encode(letter.id)),
            number: Some(letter.number),
            text: lines.join("\n"),
            at: letter.sent,
            content: json!({"text": member("text"), "base64": member("base64"), "type": member("type")}),
        });
    }

    async fn follow(&mut self, id: MessageId, at: usize) -> Result<(), Failure> {
        let letter = self.post.agent.store().sent(&id).await.map_err(|error| of_store(&error))?;
        let Some(letter) = letter else { return Ok(()) };
        let state = letter.state;
        // A letter that was taken may be read yet.
        if state.is_under_way() || state == SentState::Taken {
            self.under_way.push((id, at));
        }
        if let Some(said) = self.said.get_mut(at)
            && said.state != Some(state.as_str())
        {
            said.state = Some(state.as_str());
            self.front.changed(&self.said, at, &self.with);
            if state == SentState::Blocked {
                self.front.note(trouble(letter.trouble.as_deref().unwrap_or("no_address")), true);
            }
        }
        Ok(())
    }

    /// What was said last leaves, if it can: over the channel, or to the relay.
    async fn leave(&mut self) -> Result<(), Failure> {
        if let Some(live) = self.live.take() {
            drop(live.say);
            let _ = timeout(FAREWELL, live.work).await;
        }
        self.look().await?;
        // Receipts too. What fails stays in the outbox, and is told below where it is something that we said.
        if let Ok(delivery) = timeout(FAREWELL, self.post.agent.deliver()).await {
            delivery.map_err(|error| of_agent(&error, &self.post.failures))?;
        }
        let until = Instant::now() + FAREWELL;
        loop {
            self.look().await?;
            let mut stuck = None;
            for (id, _) in &self.under_way {
                let letter = self.post.agent.store().sent(id).await.map_err(|error| of_store(&error))?;
                stuck =
                    stuck.or(letter.filter(|letter| matches!(letter.state, SentState::Queued | SentState::Blocked)));
            }
            let Some(letter) = stuck else { return Ok(()) };
            let failed = letter.state == SentState::Blocked || letter.trouble.is_some();
            if failed || Instant::now() > until {
                let exit = if letter.state == SentState::Blocked { Exit::Policy } else { Exit::Network };
                let why = letter.trouble.as_deref().map_or("the relay does not answer", trouble).to_owned();
                return Err(Failure::new(exit, "not_delivered", format!("a letter has not gone: {why}"))
                    .remedy("it is kept: `didshake outbox --retry` sends it"));
            }
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Calls that are being answered, side by side: whoever has a token of ours can call, and who calls to say nothing is to hold
/// up nobody.
#[derive(Default)]
struct Answering(Vec<Pin<Box<dyn Future<Output = Option<Live>>>>>);

impl Answering {
    fn take(&mut self, call: Pin<Box<dyn Future<Output = Option<Live>>>>) {
        if self.0.len() < CALLS {
            self.0.push(call);
        }
    }

    /// The first that leads to a channel. Cancel-safe.
    async fn next(&mut self) -> Option<Live> {
        poll_fn(|context| {
            let mut found = Poll::Pending;
            self.0.retain_mut(|call| match call.as_mut().poll(context) {
                Poll::Ready(Some(live)) if found.is_pending() => {
                    found = Poll::Ready(Some(live));
                    false
                }
                polled => polled.is_pending(),
            });
            found
        })
        .await
    }
}

async fn maybe(seeking: &mut Option<Seeking>) -> (Option<Live>, Option<Did>) {
    match seeking {
        Some(seeking) => seeking.await,
        None => pending().await,
    }
}

/// What comes on the channel; `None` where it is over without a word.
async fn hear(live: &mut Option<Live>) -> Option<Heard> {
    let Some(live) = live else { return pending().await };
    let mut is_over = false;
    loop {
        tokio::select! {
            biased;
            heard = live.heard.recv() => return heard,
            () = &mut live.work, if !is_over => is_over = true,
        }
    }
}
