//! One conversation: letters and a channel, in and out.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use didshake::Did;
use didshake::card::CardEndpoint;
use didshake::mailbox::{MAX_LETTER_SECONDS, MessageId};
use didshake_did::{Clock, SystemClock};
use didshake_peer::mailbox::{InboxLetter, SentState};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::history::{history, of_theirs};
use crate::agent::{Post, of_agent, of_store, trouble};
use crate::failure::{Exit, Failure};
use crate::letters::TEXT;
use crate::output::printable;
use crate::talk::answering::Answering;
use crate::talk::live::{Heard, Live, Says, Search};
use crate::talk::{Front, Line, Said, With};

/// Another program may have changed the store: it is looked at this often.
const LOOK: Duration = Duration::from_secs(1);
/// What was said last may take so long to leave at the end.
const FAREWELL: Duration = Duration::from_secs(10);
const PAGE: u32 = 64;
/// Who was not there is looked for again after this; each further wait is twice as long, unless they say something.
const FIRST_WAIT: Duration = Duration::from_secs(4);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

type Seeking = Pin<Box<dyn Future<Output = (Option<Live>, Option<Did>)>>>;

pub(super) struct Session<'a> {
    front: Front,
    with: With,
    post: &'a Post,
    did: Did,
    search: Search,
    has_mailbox: bool,
    said: Vec<Said>,
    /// Letters of ours that are under way, and where they stand in `said`.
    under_way: Vec<(MessageId, usize)>,
    method: Option<String>,
    live: Option<Live>,
    wants_channel: bool,
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
        let wants_channel = endpoints.is_some();
        let search = Search {
            agent: post.agent.clone(),
            web: post.web.clone(),
            surroundings: post.surroundings.clone(),
            did: did.clone(),
            endpoints: endpoints.unwrap_or_default(),
            has_mailbox,
        };
        Self {
            front,
            with,
            post,
            did,
            search,
            has_mailbox,
            said: Vec::new(),
            under_way: Vec::new(),
            method: None,
            live: None,
            wants_channel,
            seek_at: Instant::now(),
            wait: FIRST_WAIT,
        }
    }

    pub(super) fn is_on_screen(&self) -> bool {
        matches!(self.front, Front::Screen(_))
    }

    /// Shows what was said before; what was not read comes after it.
    pub(super) async fn begin_with(&mut self, letters: u32) -> Result<(), Failure> {
        let conversation = self.post.agent.store().conversation(&self.did, letters).await;
        let (came, sent) = conversation.map_err(|error| of_store(&error))?;
        for one in history(&came, &sent) {
            if let Some(id) = one.under_way {
                self.under_way.push((id, self.said.len()));
            }
            self.push(one.said);
        }
        self.method = came.into_iter().rfind(|letter| letter.read).map(|letter| letter.method);
        Ok(())
    }

    pub(super) fn alarm(&mut self, text: &str) {
        self.front.note(text, true);
    }

    /// Until the input ends.
    pub(super) async fn run(&mut self) -> Result<(), Failure> {
        let agent = self.post.agent.clone();
        let wants_channel = self.wants_channel;
        let mut offers = agent.offers();
        if !wants_channel {
            // Whoever asks is told at once that nobody answers.
            offers.close();
        }
        let mut changes = agent.changes();
        let mut running = self.post.runs();
        let mut input = self.front.input();
        let (mut seeking, mut answering) = (None, Answering::default());
        self.by_letters();
        self.look().await?;
        let mut look_at = Instant::now() + LOOK;
        loop {
            tokio::select! {
                ended = running.over() => return Err(of_agent(&ended, &self.post.failures)),
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
                        answering.take(Box::pin(self.search.clone().answer(offer)));
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
            _ = running.over() => pending().await,
        }
    }

    fn seek(&self) -> Seeking {
        Box::pin(self.search.clone().seek())
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
        let (ended, is_answered) = match heard {
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
            Some(Heard::Ended(ended)) => (ended, self.is_answered()),
            None => (None, false),
        };
        self.live = None;
        self.seek_at = Instant::now() + self.wait;
        match ended {
            Some(error) if is_answered => {
                self.front.note(&format!("{error}; what was not taken goes as letters"), true);
            }
            Some(error) => self.front.note(&format!("{error}; what was sent last may not have come"), true),
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
        if let Some(Live { says: Says::Lines(say), .. }) = &self.live
            && say.try_send(format!("{text}\n").into_bytes()).is_ok()
        {
            self.push(said);
            return Ok(());
        }
        if !self.has_mailbox && !self.is_answered() {
            self.front.note("(nobody is there, and it takes no letters: this was not sent)", true);
            return Ok(());
        }
        let written = self.post.agent.write(&self.did, TEXT, text.as_bytes(), now.plus(MAX_LETTER_SECONDS)).await;
        let id = written.map_err(|error| of_agent(&error, &self.post.failures))?;
        (said.state, said.by, said.id) = (Some(SentState::Queued.as_str()), self.way(), Some(hex::encode(id)));
        self.under_way.push((id, self.said.len()));
        self.push(said);
        Ok(())
    }

    /// Whether there is a channel on which the peer answers letters.
    fn is_answered(&self) -> bool {
        matches!(self.live, Some(Live { says: Says::Letters { .. }, .. }))
    }

    /// How letters go and come just now.
    fn way(&self) -> &'static str {
        if self.is_answered() { "channel" } else { "letter" }
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
        self.push(Said { by: self.way(), ..of_theirs(letter) });
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
        self.look().await?;
        if let Some(live) = self.live.take() {
            live.close(&self.post.agent, &self.did, FAREWELL).await;
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

async fn maybe(seeking: &mut Option<Seeking>) -> (Option<Live>, Option<Did>) {
    match seeking {
        Some(seeking) => seeking.await,
        None => pending().await,
    }
}

/// What comes on the channel; `None` where it is over without a word.
async fn hear(live: &mut Option<Live>) -> Option<Heard> {
    match live {
        Some(live) => live.heard.recv().await,
        None => pending().await,
    }
}
