//! The straight way: log in, ask, be told apart from those who did not.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use didshake::Algorithm;
use didshake_axum::{Doing, parse_session_name, session_name};

use crate::client::{Client, Login, identity, web_identity};
use crate::service::{Counting, Service};
use crate::wire::{Answer, Raw};
use didshake_axum::MemorySessionStore;
use didshake_did::MethodRegistry;
use didshake_peer::MemoryBurnStore;

fn is_unauthorized(answer: &Answer) -> bool {
    answer.status == 401
        && answer.header("www-authenticate") == Some("DIDShake")
        && answer.header("content-type") == Some("application/problem+json")
        && answer.text() == r#"{"type":"about:blank","title":"Unauthorized","status":401}"#
}

// R-BIND-9, R-REQ-1
#[tokio::test]
async fn a_login_and_then_signed_requests() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let login = client.login(&service).await;
    let (did, now) = (client.identity.did().as_str(), service.now());

    let answer = login.request("GET", "/me", b"", now).send(service.address).await;
    assert_eq!((answer.status, answer.text()), (200, did));
    let answer = login.request("POST", "/me?a=1&b=%2F", b"all of it", now).send(service.address).await;
    assert_eq!((answer.status, answer.text()), (200, format!("{did} says all of it").as_str()));

    let told = service.outcomes.take();
    let codes: Vec<_> = told.iter().map(|told| (told.doing, told.code, told.status)).collect();
    let expected = [
        (Doing::Hello, "replied", 200),
        (Doing::Finish, "accepted", 200),
        (Doing::Request, "proven", 200),
        (Doing::Request, "proven", 200),
    ];
    assert_eq!(codes, expected);
    assert_eq!(told[1].did.as_ref(), Some(client.identity.did()));
}

// R-CHECK-6, R-RESP-9
#[tokio::test]
async fn the_session_has_what_was_verified() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let login = client.login(&service).await;
    let kept = service.sessions.find(&login.id).await.unwrap().unwrap();
    assert_eq!(kept.session.key(), (Algorithm::Ed25519, client.identity.public_key().as_bytes()));
    assert_eq!((kept.session.parts().used, kept.last_used), (false, None));
    assert_eq!((kept.origin, kept.client), (service.origin(), Some("127.0.0.1".parse().unwrap())));
    assert_eq!(kept.session.parts().lifetime, login.lifetime);
    assert!(kept.request_key == login.key);
    assert_eq!(parse_session_name(&session_name(&login.id)), Some(login.id));

    service.advance(5);
    login.request("GET", "/me", b"", service.now()).send(service.address).await;
    let used = service.sessions.find(&login.id).await.unwrap().unwrap();
    assert_eq!((used.session.parts().used, used.last_used), (true, Some(service.now())));
}

// R-REQ-3, R-REQ-10
#[tokio::test]
async fn an_unsigned_request_is_for_the_app_to_judge() {
    let service = Service::start().await;
    let authority = service.origin().authority().to_owned();
    let plain = |path: &str| Raw::new("GET", path, &authority);
    assert!(is_unauthorized(&plain("/me").send(service.address).await));
    assert_eq!(service.codes(), ["request_unsigned"]);
    // Credentials of other kinds are none here.
    let with_others = plain("/me").with("authorization", "Bearer x").with("cookie", "session=x");
    assert!(is_unauthorized(&with_others.send(service.address).await));
    assert_eq!(service.codes(), ["request_unsigned"]);
    assert_eq!(plain("/optional").send(service.address).await.text(), "nobody");
    assert_eq!(service.codes(), [""; 0]);
    assert_eq!(
        plain("/outside").send(service.address).await.status,
        500,
        "a route outside of the layer lets nobody in"
    );
}

#[tokio::test]
async fn who_signs_is_somebody_where_both_are_welcome() {
    let service = Service::start().await;
    let login = Client::new(1, &service).login(&service).await;
    let answer = login.request("GET", "/optional", b"", service.now()).send(service.address).await;
    assert_eq!(answer.text(), "somebody");
    let wrong = login.request("GET", "/optional", b"", service.now()).set("host", service.other_origin().authority());
    assert!(is_unauthorized(&wrong.send(service.address).await), "a signature that fails is no missing signature");
}

// R-BIND-15
#[tokio::test]
async fn no_answer_of_a_handshake_carries_a_credential() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    let (hello, sent) = client.hello(&service.origin());
    let reply = hello.send(service.address).await;
    let (finish, sent) = client.finish(&reply, sent, &service.origin()).await;
    let accept = finish.send(service.address).await;
    let names = |answer: &Answer| -> Vec<String> {
        let http = ["connection", "content-length", "date"];
        let names = answer.headers.iter().map(|(name, _)| name.clone());
        names.filter(|name| !http.contains(&name.as_str())).collect()
    };
    assert_eq!(names(&reply), ["content-type", "didshake-state", "cache-control"]);
    assert_eq!(names(&accept), ["content-type", "cache-control"]);
    Login::of(&accept, sent, &service);
}

// R-STATE-3, R-STATE-4: nothing but the token is needed, and nothing is kept for a Hello.
#[tokio::test]
async fn hellos_leave_nothing_behind() {
    let service = Service::start().await;
    let client = Client::new(1, &service);
    for _ in 0..20 {
        client.begin(&service).await;
    }
    assert_eq!((service.resolver.asked(), service.sessions_of(client.identity.did()).await), (0, 0));
    let (finish, sent) = client.begin(&service).await;
    service.advance(59);
    Login::of(&finish.send(service.address).await, sent, &service);
}

#[tokio::test]
async fn a_did_that_is_resolved_logs_in_too() {
    let (identity, documents) = web_identity("did:web:client.example", 5);
    let resolver = Counting::of(MethodRegistry::offline().with("web", Arc::new(documents)));
    let (sessions, burned) = (Arc::new(MemorySessionStore::default()), Arc::new(MemoryBurnStore::default()));
    let service = Service::on(sessions, burned, resolver, |builder| builder).await;
    let login = Client::of(identity, &service).login(&service).await;
    let answer = login.request("GET", "/me", b"", service.now()).send(service.address).await;
    assert_eq!((answer.text(), service.resolver.asked.load(Ordering::SeqCst)), ("did:web:client.example", 1));
}

// R-RESP-4, R-RESP-5
#[tokio::test]
async fn the_first_identity_answers() {
    let service = Service::with(|builder| builder.identity(identity(201))).await;
    Client::new(1, &service).login(&service).await;
    assert_eq!(service.didshake.identities().len(), 2);
}

// R-RESP-4, R-STATE-2
#[tokio::test]
async fn what_has_begun_goes_on_while_the_identity_is_replaced() {
    let service = Service::start().await;
    let (old, client) = (service.didshake.identities(), Client::new(1, &service));
    let (finish, sent) = client.begin(&service).await;
    let [(kept, begun), (late, _)] = [client.begin(&service).await, client.begin(&service).await];
    service.didshake.replace_identities(vec![identity(201)]).unwrap();
    assert_eq!(service.didshake.identities()[0].did(), identity(201).did());
    Login::of(&finish.send(service.address).await, sent, &service);
    // What has begun with one of the last eight goes on, and no more.
    (202..=208).for_each(|seed| service.didshake.replace_identities(vec![identity(seed)]).unwrap());
    Login::of(&kept.send(service.address).await, begun, &service);
    service.didshake.replace_identities(vec![identity(209)]).unwrap();
    assert_eq!(late.send(service.address).await.status, 401);
    assert!(service.didshake.replace_identities(Vec::new()).is_err());
    assert_eq!(service.didshake.identities()[0].did(), identity(209).did());
    service.didshake.replace_identities(old).unwrap();
    client.login(&service).await;
}

// R-STATE-2, R-STATE-4: what is known of an identity without its key is enough to end what it has begun.
#[tokio::test]
async fn what_began_with_a_key_of_another_instance_ends_here() {
    let service = Service::start().await;
    let (own, client) = (service.didshake.identities()[0].local(), Client::new(1, &service));
    let [(unknown, _), (never, _)] = [client.begin(&service).await, client.begin(&service).await];
    let [(known, sent), (late, begun)] = [client.begin(&service).await, client.begin(&service).await];
    (201..=210).for_each(|seed| service.didshake.replace_identities(vec![identity(seed)]).unwrap());
    assert_eq!(unknown.send(service.address).await.status, 401);
    service.didshake.finish_also(vec![own]).unwrap();
    Login::of(&known.send(service.address).await, sent, &service);
    // It replies to nobody; a change of those who do keeps it, another list does not.
    assert_eq!(service.didshake.identities()[0].did(), identity(210).did());
    service.didshake.replace_identities(vec![identity(211)]).unwrap();
    Login::of(&late.send(service.address).await, begun, &service);
    service.didshake.finish_also(Vec::new()).unwrap();
    assert_eq!(never.send(service.address).await.status, 401);
}
