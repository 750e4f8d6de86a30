//! The two ends of an HTTP exchange, connected without a network, and what travelled.

use std::sync::Arc;

use didshake::http::{
    Answer, AttemptError, FinishSent, HelloAnswer, HelloSent, MEDIA_TYPE, Posted, Refusal, Request, RequestHead,
    Response, Site,
};
use didshake::{
    AwaitingHello, Burn, Context, Endpoint, Error, Established, Extensions, HelloRead, Origin, Origins, WaitingKeys,
};

use crate::pair::{Counting, NOW, Pair};

pub(crate) const URL: &str = "https://login.example/didshake";

pub(crate) fn site(origins: &[&str]) -> Site {
    let origins = origins.iter().map(|origin| Origin::parse(origin).unwrap()).collect();
    Site::new(Origins::new(origins).unwrap(), "/didshake").unwrap()
}

pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::parse(url).unwrap()
}

/// The responder: what an HTTP server would be around the types of the binding.
pub(crate) struct Server {
    pub(crate) pair: Pair,
    pub(crate) site: Site,
    pub(crate) keys: WaitingKeys,
    pub(crate) rng: Counting,
    pub(crate) burned: Vec<[u8; 32]>,
    pub(crate) sessions: Vec<Established>,
}

impl Server {
    pub(crate) fn new(pair: Pair, site: Site) -> Self {
        let mut rng = Counting(99);
        let keys = WaitingKeys::new(NOW, &mut rng).unwrap();
        Self { pair, site, keys, rng, burned: Vec::new(), sessions: Vec::new() }
    }

    /// A request as it came over the network, to this `Host`.
    pub(crate) fn serve(&mut self, request: &Request, host: &str) -> Answer {
        self.judge(request, host).unwrap_or_else(|refusal| Answer::refusal(&refusal))
    }

    fn judge(&mut self, request: &Request, host: &str) -> Result<Answer, Refusal> {
        let values = |name: &str| -> Vec<&[u8]> {
            request.headers().filter(|(field, _)| *field == name).map(|(_, value)| value.as_bytes()).collect()
        };
        let head = RequestHead {
            method: request.method(),
            path: "/didshake",
            host: &[host.as_bytes()],
            content_type: &values("content-type"),
            state: &values("didshake-state"),
        };
        let mut body = self.site.admit(&head)?;
        request.body().chunks(50).try_for_each(|chunk| body.push(chunk))?;
        Ok(match body.finish()? {
            Posted::Hello { message, context } => self.hello(&message, context)?,
            Posted::Finish { message, token, context } => self.finish(&message, token.as_deref(), context)?,
        })
    }

    fn hello(&mut self, message: &[u8], context: Context) -> Result<Answer, Error> {
        let state = AwaitingHello::new(Arc::new(self.pair.responder.clone()), context)?;
        match state.read(message, NOW, &mut self.rng)? {
            HelloRead::Retry { retry, .. } => Ok(Answer::retry(retry).unwrap()),
            HelloRead::Unsigned(unsigned) => {
                let signature = self.pair.bob.sign(unsigned.signature_input());
                let (reply, waiting) = unsigned.sign(signature)?;
                let path = self.site.path().as_bytes();
                let state = self.keys.seal(&waiting, path, NOW, &mut self.rng)?;
                Ok(Answer::reply(reply, &state).unwrap())
            }
        }
    }

    fn finish(&mut self, message: &[u8], token: Option<&[u8]>, context: Context) -> Result<Answer, Error> {
        let config = Arc::new(self.pair.responder.clone());
        let claimed = self.keys.read_finish(message, token, config, context, self.site.path().as_bytes(), NOW)?;
        let verified = claimed.verify(&self.pair.alice, NOW)?;
        let burn = if self.burned.contains(verified.th3()) { Burn::Again } else { Burn::First };
        self.burned.push(*verified.th3());
        let (accept, established) = verified.accept(burn, 3600, Extensions::default())?;
        self.sessions.push(established);
        Ok(Answer::accept(accept).unwrap())
    }
}

/// An answer as the initiator's HTTP library hands it over.
pub(crate) fn with_response<T>(answer: &Answer, read: impl FnOnce(&Response<'_>) -> T) -> T {
    let values = |name: &str| -> Vec<&[u8]> {
        answer.headers().filter(|(field, _)| *field == name).map(|(_, value)| value.as_bytes()).collect()
    };
    let (content_type, state) = (values("content-type"), values("didshake-state"));
    read(&Response { status: answer.status(), content_type: &content_type, state: &state, body: answer.body() })
}

const TYPE: &[&[u8]] = &[MEDIA_TYPE.as_bytes()];

/// A response of the right media type.
pub(crate) fn response<'a>(status: u16, state: &'a [&'a [u8]], body: &'a [u8]) -> Response<'a> {
    Response { status, content_type: TYPE, state, body }
}

/// The initiator's side up to Finish, each request carried by `post`.
pub(crate) fn up_to_finish(
    pair: &Pair,
    url: &str,
    mut post: impl FnMut(&Request) -> Answer,
) -> Result<(Request, FinishSent), AttemptError> {
    let mut rng = Counting(pair.seed);
    let (mut request, mut state) = HelloSent::start(Arc::new(pair.initiator.clone()), &endpoint(url), &mut rng)?;
    loop {
        let answer = post(&request);
        match with_response(&answer, |response| state.read(response, &mut rng))? {
            HelloAnswer::Retry { request: second, next } => (request, state) = (second, next),
            HelloAnswer::Claimed { responder, finish } => {
                let unsigned = responder.verify(&pair.bob, NOW)?;
                let signature = pair.alice.sign(unsigned.signature_input());
                return Ok(finish.sign(unsigned, signature)?);
            }
        }
    }
}

/// The initiator's whole attempt.
pub(crate) fn attempt(
    pair: &Pair,
    url: &str,
    mut post: impl FnMut(&Request) -> Answer,
) -> Result<Established, AttemptError> {
    let (request, state) = up_to_finish(pair, url, &mut post)?;
    with_response(&post(&request), |response| state.read(response))
}
