//! A responder of the HTTP binding, as a service would have one: the protocol's types around a web server.

use std::sync::{Arc, Mutex};

use didshake::http::{Answer, Posted, Refusal, RequestHead, Site};
use didshake::request::{ClaimedRequest, ReceivedFields, RequestFault, RequestKey, Target};
use didshake::{
    Admission, AwaitingHello, Context, Error, Established, Extensions, HelloRead, Origin, Origins, ResponderConfig,
    UnixTime, WaitingKeys,
};
use didshake_did::{Clock as _, MethodRegistry, Resolver as _, SigningIdentity, SystemClock};
use didshake_peer::http::LOGIN_PROTOCOL;
use didshake_peer::{BurnStore as _, MemoryBurnStore};
use getrandom::SysRng;

use crate::peers::identity;
use crate::server::{Conduct, Handler, Incoming, response};

pub(crate) const PATH: &str = "/didshake";
pub(crate) const LIFETIME: u32 = 3600;

pub(crate) struct Responder {
    pub(crate) origin: Origin,
    site: Site,
    identity: SigningIdentity,
    config: Arc<ResponderConfig>,
    keys: Mutex<WaitingKeys>,
    burned: MemoryBurnStore,
    pub(crate) sessions: Mutex<Vec<Established>>,
    pub(crate) lifetime: u32,
}

impl Responder {
    /// Bob (2), at this origin, who meets everyone.
    pub(crate) fn new(origin: &str) -> Self {
        Self::with(origin, |_| {})
    }

    pub(crate) fn with(origin: &str, change: impl FnOnce(&mut ResponderConfig)) -> Self {
        let (origin, identity) = (Origin::parse(origin).unwrap(), identity(2));
        let mut config = ResponderConfig::new(identity.local(), LOGIN_PROTOCOL, Admission::policy(|_| true));
        change(&mut config);
        Self {
            site: Site::new(Origins::new(vec![origin.clone()]).unwrap(), PATH).unwrap(),
            origin,
            identity,
            config: Arc::new(config),
            keys: Mutex::new(WaitingKeys::new(now(), &mut SysRng).unwrap()),
            burned: MemoryBurnStore::default(),
            sessions: Mutex::default(),
            lifetime: LIFETIME,
        }
    }

    pub(crate) fn handler(self: &Arc<Self>) -> Handler {
        let this = self.clone();
        Arc::new(move |request| {
            let this = this.clone();
            Box::pin(async move { Conduct::Answer(this.serve(&request).await) })
        })
    }

    pub(crate) async fn serve(&self, request: &Incoming) -> Vec<u8> {
        if request.target != PATH {
            return self.resource(request);
        }
        let answer = self.judge(request).await.unwrap_or_else(|refusal| Answer::refusal(&refusal));
        response(answer.status(), &answer.headers().collect::<Vec<_>>(), answer.body())
    }

    async fn judge(&self, request: &Incoming) -> Result<Answer, Refusal> {
        let head = RequestHead {
            method: &request.method,
            path: &request.target,
            host: &request.values("host"),
            content_type: &request.values("content-type"),
            state: &request.values("didshake-state"),
        };
        let mut body = self.site.admit(&head)?;
        body.push(&request.body)?;
        Ok(match body.finish()? {
            Posted::Hello { message, context } => self.hello(&message, context).await?,
            Posted::Finish { message, token, context } => self.finish(&message, token.as_deref(), context).await?,
        })
    }

    async fn hello(&self, message: &[u8], context: Context) -> Result<Answer, Error> {
        match AwaitingHello::new(self.config.clone(), context)?.read(message, now(), &mut SysRng)? {
            HelloRead::Retry { retry, .. } => Ok(Answer::retry(retry).unwrap()),
            HelloRead::Unsigned(unsigned) => {
                let signature = self.identity.sign(unsigned.signature_input()).await.unwrap();
                let (reply, waiting) = unsigned.sign(signature)?;
                let sealed = self.keys.lock().unwrap().seal(&waiting, PATH.as_bytes(), now(), &mut SysRng)?;
                Ok(Answer::reply(reply, &sealed).unwrap())
            }
        }
    }

    async fn finish(&self, message: &[u8], token: Option<&[u8]>, context: Context) -> Result<Answer, Error> {
        let (config, path) = (self.config.clone(), PATH.as_bytes());
        let claimed = self.keys.lock().unwrap().read_finish(message, token, config, context, path, now())?;
        let document = MethodRegistry::offline().resolve(claimed.claim().did()).await?;
        let verified = claimed.verify(&document, now())?;
        let burn = self.burned.burn(verified.th3(), verified.burned_until(), now()).await.unwrap();
        let (accept, established) = verified.accept(burn, self.lifetime, Extensions::default())?;
        self.sessions.lock().unwrap().push(established);
        Ok(Answer::accept(accept).unwrap())
    }

    /// Anything else that is served: who asks has to prove a session.
    fn resource(&self, request: &Incoming) -> Vec<u8> {
        match self.prove(request) {
            Ok(nonce) => response(200, &[("x-nonce", &format!("{nonce:?}"))], &request.body),
            Err(fault) => response(401, &[("www-authenticate", "DIDShake"), ("x-fault", fault.code())], b""),
        }
    }

    fn prove(&self, request: &Incoming) -> Result<[u8; 16], RequestFault> {
        let claimed = ClaimedRequest::read(&ReceivedFields {
            signature_input: &request.values("signature-input"),
            signature: &request.values("signature"),
            content_digest: &request.values("content-digest"),
        })?;
        claimed.check_time(now())?;
        let sessions = self.sessions.lock().unwrap();
        let session = sessions.iter().find(|session| session.session_id == *claimed.session_id());
        let key = RequestKey::of(&session.ok_or(RequestFault::Session)?.exporter).unwrap();
        let (path, query) = match request.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (&request.target[..], None),
        };
        let target = Target { method: &request.method, origin: &self.origin, path, query };
        Ok(*claimed.verify(&key, &target)?.with_body(&request.body)?.nonce())
    }
}

pub(crate) fn now() -> UnixTime {
    SystemClock.now()
}
