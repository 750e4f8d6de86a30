//! Vectors before they are played: what is signed, what comes of it on the way, and the proof of the single fault.

use super::check::{Checks, Halt, Judged, RequestCheck};
use super::client::{self, Draft, Target, authority, content_digest, hmac, parameters};
use super::file::{Client, FORMAT, Request, RequestFails, RequestVector, Service, Signed};
use super::service::{Sender, judge};
use crate::config::Hex;
use crate::deviation::Edit;
use crate::primitives::sha256;
use crate::vector::{Kind, Mutation};

/// A request that is taken.
#[derive(Clone)]
pub(crate) struct Positive {
    pub(crate) id: &'static str,
    pub(crate) about: &'static str,
    pub(crate) requirements: Vec<&'static str>,
    pub(crate) client: Client,
    pub(crate) target: Target,
    pub(crate) service: Service,
}

/// Where the fault of a negative lies.
pub(crate) enum Fault {
    /// In the client's clock, nonce or session.
    Client(Edit<Client>),
    /// In what the client signs.
    Draft(Edit<Draft>),
    /// In the text over which the client computes the MAC.
    Base(Edit<String>),
    /// In what arrives of a good request.
    Sent(Edit<Request>),
    /// In the service's sessions, clock or burned nonces.
    Service(Edit<Service>),
}

/// A request that is refused.
pub(crate) struct Negative {
    pub(crate) id: &'static str,
    pub(crate) base: &'static str,
    pub(crate) check: RequestCheck,
    pub(crate) requirements: Vec<&'static str>,
    pub(crate) at: &'static str,
    pub(crate) change: String,
    pub(crate) fault: Fault,
}

/// What a client sends, and what it went by.
struct Sending {
    sender: Sender,
    request: Request,
}

fn sending(client: &Client, target: &Target, edit: impl FnOnce(&mut Draft)) -> Judged<Sending> {
    let mut draft = Draft::of(client, target)?;
    edit(&mut draft);
    let base = draft.base()?;
    Ok(sending_over(client, target, draft, base))
}

fn sending_over(client: &Client, target: &Target, draft: Draft, base: String) -> Sending {
    let mac = hmac(&draft.key, &base);
    let request = Request {
        method: target.method.clone(),
        path: target.path.clone(),
        query: target.query.clone(),
        body: Hex(target.body.clone()),
        content_digest: vec![draft.content_digest.clone()],
        signature_input: vec![draft.input.clone()],
        signature: vec![client::signature(&mac)],
    };
    let digest = sha256(&[&target.body]);
    Sending { sender: Sender { client: client.clone(), draft, base, mac, digest }, request }
}

impl Positive {
    /// Plays it and gives the vector.
    pub(crate) fn vector(&self) -> Judged<RequestVector> {
        if authority(&self.client.origin)? != authority(&self.service.origin)? {
            return Err(Halt::Broken("client and service at two origins"));
        }
        let Sending { sender, request } = sending(&self.client, &self.target, |_| ())?;
        let burns = judge(Checks::all(), &self.service, &request, &sender)?;
        let signed = Signed {
            request_key: Hex(sender.draft.key.clone()),
            digest: Hex(sender.digest),
            signature_params: parameters(&sender.draft.input).to_owned(),
            signature_base: sender.base,
            mac: Hex(sender.mac),
        };
        Ok(RequestVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Positive,
            area: "request".to_owned(),
            about: self.about.to_owned(),
            requirements: self.requirements.iter().map(|id| (*id).to_owned()).collect(),
            base: None,
            mutation: None,
            fails: None,
            client: Some(self.client.clone()),
            service: self.service.clone(),
            request,
            signed: Some(signed),
            burns: Some(burns),
        })
    }
}

impl Negative {
    fn new(id: &'static str, check: RequestCheck, at: &'static str, change: &str, fault: Fault) -> Self {
        let requirements = vec![check.requirement()];
        Self { id, base: "r-post", check, requirements, at, change: change.to_owned(), fault }
    }

    pub(crate) fn client(
        id: &'static str,
        check: RequestCheck,
        change: &str,
        edit: impl Fn(&mut Client) + 'static,
    ) -> Self {
        Self::new(id, check, "client", change, Fault::Client(Box::new(edit)))
    }

    /// The client signs and sends another `Signature-Input`.
    pub(crate) fn input(
        id: &'static str,
        check: RequestCheck,
        change: &str,
        edit: impl Fn(&str) -> String + 'static,
    ) -> Self {
        let edit = move |draft: &mut Draft| draft.input = edit(&draft.input);
        Self::new(id, check, "signature_input", change, Fault::Draft(Box::new(edit)))
    }

    /// The client signs and sends another `Content-Digest`.
    pub(crate) fn digest(
        id: &'static str,
        check: RequestCheck,
        change: &str,
        edit: impl Fn(&str) -> String + 'static,
    ) -> Self {
        let edit = move |draft: &mut Draft| draft.content_digest = edit(&draft.content_digest);
        Self::new(id, check, "content_digest", change, Fault::Draft(Box::new(edit)))
    }

    /// The client signs something else than it sends.
    pub(crate) fn draft(
        id: &'static str,
        check: RequestCheck,
        at: &'static str,
        change: &str,
        edit: impl Fn(&mut Draft) + 'static,
    ) -> Self {
        Self::new(id, check, at, change, Fault::Draft(Box::new(edit)))
    }

    /// The client computes the MAC over another text.
    pub(crate) fn over(id: &'static str, change: &str, edit: impl Fn(&str) -> String + 'static) -> Self {
        let edit = move |base: &mut String| *base = edit(base);
        Self::new(id, RequestCheck::MacBase, "signature_base", change, Fault::Base(Box::new(edit)))
    }

    /// Something else arrives than was sent.
    pub(crate) fn sent(
        id: &'static str,
        check: RequestCheck,
        at: &'static str,
        change: &str,
        edit: impl Fn(&mut Request) + 'static,
    ) -> Self {
        Self::new(id, check, at, change, Fault::Sent(Box::new(edit)))
    }

    pub(crate) fn service(
        id: &'static str,
        check: RequestCheck,
        change: &str,
        edit: impl Fn(&mut Service) + 'static,
    ) -> Self {
        Self::new(id, check, "service", change, Fault::Service(Box::new(edit)))
    }

    /// Differs from another positive than `r-post`.
    pub(crate) fn on(mut self, base: &'static str) -> Self {
        self.base = base;
        self
    }

    pub(crate) fn also(mut self, requirements: &[&'static str]) -> Self {
        self.requirements.extend_from_slice(requirements);
        self
    }

    /// Plays it, proves that it has a single fault, and gives the vector.
    pub(crate) fn vector(&self, base: &Positive) -> Judged<RequestVector> {
        let mut service = base.service.clone();
        if let Fault::Service(edit) = &self.fault {
            edit(&mut service);
        }
        let Sending { sender, request } = self.sending(base)?;
        match judge(Checks::all(), &service, &request, &sender) {
            Err(Halt::Refused(check)) if check == self.check.shows_as() => (),
            Ok(_) => return Err(Halt::Broken("the model accepts the fault")),
            Err(other) => return Err(other),
        }
        match judge(Checks::all_but(self.check), &service, &request, &sender) {
            Ok(_) => (),
            Err(Halt::Refused(second)) => return Err(Halt::SecondFault(second)),
            Err(broken) => return Err(broken),
        }
        Ok(self.describe(service, request))
    }

    fn sending(&self, base: &Positive) -> Judged<Sending> {
        let honest = |_: &mut Draft| ();
        match &self.fault {
            Fault::Client(edit) => {
                let mut client = base.client.clone();
                edit(&mut client);
                sending(&client, &base.target, honest)
            }
            Fault::Draft(edit) => sending(&base.client, &base.target, edit),
            Fault::Base(edit) => {
                let draft = Draft::of(&base.client, &base.target)?;
                let mut text = draft.base()?;
                edit(&mut text);
                Ok(sending_over(&base.client, &base.target, draft, text))
            }
            Fault::Sent(edit) => {
                let mut sending = sending(&base.client, &base.target, honest)?;
                edit(&mut sending.request);
                Ok(sending)
            }
            Fault::Service(_) => sending(&base.client, &base.target, honest),
        }
    }

    fn describe(&self, service: Service, request: Request) -> RequestVector {
        let code = self.check.code();
        let stage = if matches!(self.fault, Fault::Sent(_)) { "after_signing" } else { "before_signing" };
        RequestVector {
            format: FORMAT.to_owned(),
            id: self.id.to_owned(),
            kind: Kind::Negative,
            area: "request".to_owned(),
            about: format!("the service refuses with {code}: {}", self.change),
            requirements: self.requirements.iter().map(|id| (*id).to_owned()).collect(),
            base: Some(self.base.to_owned()),
            mutation: Some(Mutation {
                at: self.at.to_owned(),
                stage: stage.to_owned(),
                change: self.change.clone(),
                check: self.check.name().to_owned(),
            }),
            fails: Some(RequestFails { error: code.to_owned() }),
            client: None,
            service,
            request,
            signed: None,
            burns: None,
        }
    }
}

/// The digest and the body of another request, which fit each other.
pub(crate) fn replace_body(request: &mut Request, body: &[u8]) {
    request.content_digest = vec![content_digest(body)];
    request.body = Hex(body.to_vec());
}
