//! Whoever has a mailbox URL and a token.

use didshake::UnixTime;
use didshake::relay::{Deposit, DepositToken, ENVELOPES_MEDIA_TYPE, MailboxUrl, write_deposits};
use didshake_did::{Clock, SystemClock};

/// The overhead of an envelope, and the smallest size class: mailbox-1, section 3.
const AROUND: usize = 66;
/// Long enough for any run.
const SECONDS: u64 = 86_400;

/// One that deposits over a connection of its own, which it keeps.
#[derive(Clone)]
pub struct Depositor {
    http: reqwest::Client,
    url: String,
    authorization: String,
}

impl Depositor {
    /// One with this token.
    ///
    /// # Panics
    /// Where there is no HTTP client.
    #[must_use]
    pub fn new(mailbox: &MailboxUrl, token: &DepositToken) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { http, url: mailbox.as_str().to_owned(), authorization: token.authorization().as_str().to_owned() }
    }

    /// Deposits what [`batch`] made and returns when the relay has it durably.
    ///
    /// # Panics
    /// Where it is refused.
    pub async fn deposit(&self, body: Vec<u8>) {
        let request = self.http.post(&self.url).header("authorization", &self.authorization);
        let request = request.header("content-type", ENVELOPES_MEDIA_TYPE).body(body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        assert_eq!(status, 200, "{text}");
    }
}

/// So many byte strings that a relay takes for envelopes of this size class: it cannot know better.
///
/// # Panics
/// Where there is no randomness.
#[must_use]
pub fn envelopes(count: usize, class: usize) -> Vec<Vec<u8>> {
    let mut random = vec![0; class + AROUND];
    getrandom::fill(&mut random).expect("randomness");
    let envelope = |number: usize| {
        let mut envelope = random.clone();
        envelope[..2].copy_from_slice(&[33, 1]);
        // Else they would be one deposit.
        envelope[class..class + 8].copy_from_slice(&number.to_be_bytes());
        envelope
    };
    (0..count).map(envelope).collect()
}

/// The body of one request.
///
/// # Panics
/// Where these are more than fit.
#[must_use]
pub fn batch(envelopes: &[Vec<u8>]) -> Vec<u8> {
    let expires = UnixTime(SystemClock.now().0 + SECONDS);
    let deposits: Vec<_> = envelopes.iter().map(|envelope| Deposit { expires, envelope }).collect();
    write_deposits(&deposits).expect("a body")
}
