//! The depositor: unsigned requests on connections of their own (R-RLY-8).

use base64ct::{Base64UrlUnpadded, Encoding};
use didshake::relay::{
    Deposit, DepositName, DepositState, ENVELOPES_MEDIA_TYPE, KEY_MEDIA_TYPE, MAX_ASKED_STATES, RelayCode,
    write_deposits,
};

use super::failure::{RelayError, expect};
use super::socket::{Opened, open};
use crate::failure::WebSocketFailure;
use crate::http::{SessionRequest, WebClient, WebClientError, WebClientOptions, WebResponse};
use crate::mailbox::records::MailboxAddress;
use crate::relay_answers::{AnswerMalformed, MAX_STATES_BYTES, read_states};

/// Bytes of a mailbox key at most.
const MAX_KEY_BYTES: usize = 2_421;

/// Deposits letters in mailboxes of others, and asks what became of them.
///
/// It has connections of its own, on which nothing that names us ever goes: it is made of options, and never of a client that
/// could have sent signed requests. That is what keeps a relay from linking our deposits to our DID (R-RLY-8); our network
/// address it still sees.
///
/// ```no_run
/// # async fn f(bob: didshake_peer::mailbox::MailboxAddress) -> Result<(), Box<dyn std::error::Error>> {
/// use didshake_peer::http::WebClientOptions;
/// use didshake_peer::mailbox::relay::Depositor;
/// let depositor = Depositor::new(&WebClientOptions::default())?;
/// println!("{} bytes of mailbox key", depositor.key(&bob).await?.len());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Depositor {
    client: WebClient,
}

impl Depositor {
    /// Makes the connections' pool; nothing is connected yet.
    ///
    /// # Errors
    /// [`WebClientError`].
    pub fn new(options: &WebClientOptions) -> Result<Self, WebClientError> {
        Ok(Self { client: WebClient::new(options)? })
    }

    /// The mailbox key that the relay shows, as bytes: whose it is and whether it is good, the caller checks.
    ///
    /// # Errors
    /// [`RelayError`]; refusals are `token` and `no_key`.
    pub async fn key(&self, address: &MailboxAddress) -> Result<Vec<u8>, RelayError> {
        let response = self.ask(address, "GET", "/key", None, &[]).await?;
        let is_key = response
            .headers()
            .any(|(name, value)| name == "content-type" && value.eq_ignore_ascii_case(KEY_MEDIA_TYPE.as_bytes()));
        if !is_key {
            return Err(AnswerMalformed.into());
        }
        Ok(response.body(MAX_KEY_BYTES).await?)
    }

    /// Deposits envelopes, all or none, in this order; their states in the same order. Whoever hears no answer deposits the
    /// same bytes again.
    ///
    /// # Errors
    /// [`RelayError`]; refusals are `token`, `full`, `rate`, `unavailable`, and those that the caller has to mend.
    pub async fn deposit(
        &self,
        address: &MailboxAddress,
        deposits: &[Deposit<'_>],
    ) -> Result<Vec<DepositState>, RelayError> {
        let body =
            write_deposits(deposits).map_err(|fault| RelayError::Refused { code: fault.code(), retry_after: None })?;
        let response = self.ask(address, "POST", "", Some(ENVELOPES_MEDIA_TYPE), &body).await?;
        let names: Vec<DepositName> = deposits.iter().map(|deposit| DepositName::of(deposit.envelope)).collect();
        Ok(in_order(&response.body(MAX_STATES_BYTES).await?, &names)?)
    }

    /// What became of deposits under this token, at most 256, in the same order.
    ///
    /// # Errors
    /// [`RelayError`].
    pub async fn states(
        &self,
        address: &MailboxAddress,
        deposits: &[DepositName],
    ) -> Result<Vec<DepositState>, RelayError> {
        if deposits.len() > MAX_ASKED_STATES {
            return Err(RelayError::Refused { code: RelayCode::Malformed, retry_after: None });
        }
        let names: Vec<String> =
            deposits.iter().map(|name| format!("\"{}\"", Base64UrlUnpadded::encode_string(&name.0))).collect();
        let body = format!("{{\"deposits\":[{}]}}", names.join(","));
        let response = self.ask(address, "POST", "/states", Some("application/json"), body.as_bytes()).await?;
        Ok(in_order(&response.body(MAX_STATES_BYTES).await?, deposits)?)
    }

    /// Asks for a circuit to the owner, who has 10 s to answer.
    pub(crate) async fn circuit(&self, address: &MailboxAddress) -> Result<Opened, RelayError> {
        let authorization = address.token.authorization();
        let headers = [("authorization", authorization.as_bytes())];
        let path = address.url.path("/circuit");
        let request = SessionRequest { headers: &headers, ..SessionRequest::get(&path) };
        match open(&self.client, self.client.prepare(address.url.origin(), &request)?).await {
            Err(RelayError::Socket(WebSocketFailure::Refused(401))) => {
                Err(RelayError::Refused { code: RelayCode::Token, retry_after: None })
            }
            opened => opened,
        }
    }

    async fn ask(
        &self,
        address: &MailboxAddress,
        method: &str,
        rest: &str,
        media_type: Option<&str>,
        body: &[u8],
    ) -> Result<WebResponse, RelayError> {
        let authorization = address.token.authorization();
        let mut headers = vec![("authorization", authorization.as_bytes())];
        headers.extend(media_type.map(|media_type| ("content-type", media_type.as_bytes())));
        let path = address.url.path(rest);
        let request = SessionRequest { method, path_and_query: &path, headers: &headers, body };
        expect(self.client.request_unsigned(address.url.origin(), &request).await?, &[200]).await
    }
}

/// The states, where they are of these deposits.
fn in_order(body: &[u8], names: &[DepositName]) -> Result<Vec<DepositState>, AnswerMalformed> {
    let states = read_states(body)?;
    let are_theirs = states.len() == names.len() && states.iter().zip(names).all(|((name, _), asked)| name == asked);
    if are_theirs { Ok(states.into_iter().map(|(_, state)| state).collect()) } else { Err(AnswerMalformed) }
}
