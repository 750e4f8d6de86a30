//! The owner of a mailbox: signed requests of a session.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use didshake::relay::{CircuitId, KEY_MEDIA_TYPE, MAX_ANSWERS, RelayCode, TokenHash};
use didshake::{Did, Origin, UnixTime};
use didshake_did::SigningIdentity;

use super::failure::{RelayError, expect};
use super::socket::{self, MailboxSocket};
use crate::http::{ClientSession, LOGIN_PROTOCOL, RequestError, SessionRequest, WebClient, WebResponse};
use crate::options::{Expect, InitiatorOptions, Surroundings};
use crate::relay_answers::{
    AnswerMalformed, MAX_ANSWER_BYTES, MAX_DEPOSITS_BYTES, MAX_TOKENS_BYTES, MailboxStatus, TokenStatus,
    WaitingDeposit, read_deposits, read_mailbox, read_tokens,
};

/// Bounds of a deposit token; what is left out is the relay's own limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TokenLimits {
    /// From then on the relay takes nothing under it.
    pub expires: Option<UnixTime>,
    /// Deposits that may wait under it.
    pub waiting: Option<u32>,
    /// Bytes of them.
    pub bytes: Option<u64>,
}

/// The owner's side of a mailbox at one relay. It logs in by itself, and again where the session is over.
pub struct RelayOwner {
    client: WebClient,
    identity: SigningIdentity,
    relay: Did,
    origin: Origin,
    surroundings: Surroundings,
    session: Mutex<Option<Arc<ClientSession>>>,
}

impl RelayOwner {
    /// An owner at a relay that has to prove that it is `relay`. Nothing is sent yet.
    #[must_use]
    pub fn new(
        client: WebClient,
        identity: SigningIdentity,
        origin: Origin,
        relay: Did,
        surroundings: Surroundings,
    ) -> Self {
        Self { client, identity, relay, origin, surroundings, session: Mutex::new(None) }
    }

    /// Opens the mailbox, or finds it.
    ///
    /// # Errors
    /// [`RelayError`]; it refuses with `not_admitted`.
    pub async fn open(&self) -> Result<MailboxStatus, RelayError> {
        let request = SessionRequest { method: "PUT", ..SessionRequest::get("/v1/mailbox") };
        let body = self.ask(&request, &[200, 201]).await?.body(MAX_ANSWER_BYTES).await?;
        self.ours(read_mailbox(&body)?)
    }

    /// The mailbox as it is.
    ///
    /// # Errors
    /// [`RelayError`]; it refuses with `no_mailbox`.
    pub async fn status(&self) -> Result<MailboxStatus, RelayError> {
        let body = self.ask(&SessionRequest::get("/v1/mailbox"), &[200]).await?.body(MAX_ANSWER_BYTES).await?;
        self.ours(read_mailbox(&body)?)
    }

    /// Closes the mailbox: what waits in it is gone for good, and so is its name.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn close(&self) -> Result<(), RelayError> {
        self.ask(&SessionRequest::delete("/v1/mailbox"), &[204]).await.map(drop)
    }

    /// Has the relay show this mailbox key from now on. Its secret is durable already (R-RLY-10).
    ///
    /// # Errors
    /// [`RelayError`]; it refuses with `mailbox_key`.
    pub async fn publish(&self, signed: &[u8]) -> Result<(), RelayError> {
        let headers = [("content-type", KEY_MEDIA_TYPE.as_bytes())];
        let path_and_query = "/v1/mailbox/key";
        let request = SessionRequest { method: "PUT", path_and_query, headers: &headers, body: signed };
        self.ask(&request, &[204]).await.map(drop)
    }

    /// Lets a token in, or changes its bounds.
    ///
    /// # Errors
    /// [`RelayError`]; it refuses with `full` where there are 1,024.
    pub async fn let_in(&self, token: &TokenHash, limits: &TokenLimits) -> Result<(), RelayError> {
        let number = |number: Option<u64>| number.map_or_else(|| "null".to_owned(), |number| number.to_string());
        let body = format!(
            "{{\"expires\":{},\"waiting\":{},\"bytes\":{}}}",
            number(limits.expires.map(|time| time.0)),
            number(limits.waiting.map(u64::from)),
            number(limits.bytes)
        );
        let path = format!("/v1/mailbox/tokens/{token}");
        self.ask(&json("PUT", &path, body.as_bytes()), &[200, 201]).await.map(drop)
    }

    /// Revokes a token; one that is not there is revoked already.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn revoke(&self, token: &TokenHash) -> Result<(), RelayError> {
        let path = format!("/v1/mailbox/tokens/{token}");
        match self.ask(&SessionRequest::delete(&path), &[204]).await {
            Err(RelayError::Refused { code: RelayCode::NoToken, .. }) => Ok(()),
            other => other.map(drop),
        }
    }

    /// The tokens that are let in.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn tokens(&self) -> Result<Vec<TokenStatus>, RelayError> {
        let response = self.ask(&SessionRequest::get("/v1/mailbox/tokens"), &[200]).await?;
        Ok(read_tokens(&response.body(MAX_TOKENS_BYTES).await?)?)
    }

    /// Deposits that wait, from the first above `after`, at most `most` (1 to 256). Where there is none the relay waits for
    /// one, up to `wait_seconds` (0 to 30).
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn deposits(&self, after: u64, most: u16, wait_seconds: u8) -> Result<Vec<WaitingDeposit>, RelayError> {
        let path = format!("/v1/mailbox/deposits?after={after}&limit={most}&wait={wait_seconds}");
        let response = self.ask(&SessionRequest::get(&path), &[200]).await?;
        let deposits = read_deposits(&response.body(MAX_DEPOSITS_BYTES).await?)?;
        // A relay that shows again what is behind us would have us go round for ever.
        let goes_on = deposits.first().is_none_or(|first| first.sequence > after);
        if goes_on && deposits.len() <= most.into() { Ok(deposits) } else { Err(AnswerMalformed.into()) }
    }

    /// Answers deposits: these are in our store, those we do not take (R-RLY-9). When it returns, that is durable.
    ///
    /// # Errors
    /// [`RelayError`]; what was answered before an error is ignored when it is answered again.
    pub async fn answer(&self, taken: &[u64], refused: &[u64]) -> Result<(), RelayError> {
        let (mut taken, mut refused) = (taken.chunks(MAX_ANSWERS), refused.chunks(MAX_ANSWERS));
        loop {
            let (some, others) = match taken.next() {
                Some(some) => (some, &[][..]),
                None => match refused.next() {
                    Some(others) => (&[][..], others),
                    None => return Ok(()),
                },
            };
            let body = format!("{{\"taken\":{},\"refused\":{}}}", list(some), list(others));
            self.ask(&json("POST", "/v1/mailbox/answers", body.as_bytes()), &[204]).await?;
        }
    }

    /// Opens a mailbox socket: deposits as they come, from the first above `after`, and where `circuits` says so, who asks
    /// for a circuit.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn socket(&self, after: u64, circuits: bool) -> Result<MailboxSocket, RelayError> {
        let path = format!("/v1/mailbox/socket?after={after}&circuits={}", u8::from(circuits));
        let opened = self.signed_opening(&path).await?;
        Ok(MailboxSocket::new(opened))
    }

    /// Opens our end of a circuit that somebody asks for.
    pub(crate) async fn circuit(&self, id: &CircuitId) -> Result<socket::Opened, RelayError> {
        self.signed_opening(&format!("/v1/mailbox/circuits/{id}")).await
    }

    /// The origin of the relay.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A relay sends those who write to us to itself, and to nobody else.
    fn ours(&self, status: MailboxStatus) -> Result<MailboxStatus, RelayError> {
        if *status.url.origin() == self.origin { Ok(status) } else { Err(AnswerMalformed.into()) }
    }

    async fn signed_opening(&self, path: &str) -> Result<socket::Opened, RelayError> {
        let mut fresh = false;
        loop {
            let session = self.session(fresh).await?;
            let request = self.client.signed(&session, &SessionRequest::get(path))?;
            match socket::open(&self.client, request).await {
                Err(RelayError::Socket(crate::WebSocketFailure::Refused(401))) if !fresh => fresh = true,
                other => return other,
            }
        }
    }

    /// Asks once, and once more with a new session where the relay does not know the one that we have.
    async fn ask(&self, request: &SessionRequest<'_>, statuses: &[u16]) -> Result<WebResponse, RelayError> {
        let mut fresh = false;
        loop {
            let session = self.session(fresh).await?;
            let answered = match self.client.request(&session, request).await {
                Ok(response) if response.status() == 401 => Err(RelayError::SessionOver),
                Ok(response) => expect(response, statuses).await,
                Err(RequestError::Over) => Err(RelayError::SessionOver),
                Err(error) => Err(error.into()),
            };
            match answered {
                Err(RelayError::SessionOver) if !fresh => fresh = true,
                other => return other,
            }
        }
    }

    async fn session(&self, fresh: bool) -> Result<Arc<ClientSession>, RelayError> {
        if let Some(session) = self.kept().filter(|_| !fresh) {
            return Ok(session);
        }
        let claim = self.client.discover(&self.origin).await?;
        claim.did_by_pin(&self.relay)?;
        let expect = Expect::Did(self.relay.clone());
        let mut options = InitiatorOptions::new(self.identity.clone(), LOGIN_PROTOCOL, expect);
        options.surroundings = self.surroundings.clone();
        let endpoint = claim.endpoint_on_origin()?;
        let agreed = self.client.login(endpoint, &options).await.map_err(Box::new)?;
        let session = ClientSession::new(&agreed, endpoint.origin(), self.client.now())?;
        let session = Arc::new(session);
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = Some(session.clone());
        Ok(session)
    }

    fn kept(&self) -> Option<Arc<ClientSession>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for RelayOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RelayOwner").field("origin", &self.origin).field("relay", &self.relay).finish_non_exhaustive()
    }
}

fn json<'a>(method: &'a str, path_and_query: &'a str, body: &'a [u8]) -> SessionRequest<'a> {
    SessionRequest { method, path_and_query, headers: &[("content-type", b"application/json")], body }
}

fn list(numbers: &[u64]) -> String {
    let mut list = String::from("[");
    for number in numbers {
        let comma = if list.len() > 1 { "," } else { "" };
        // Writing to a String does not fail.
        let _ = write!(list, "{comma}{number}");
    }
    list.push(']');
    list
}
