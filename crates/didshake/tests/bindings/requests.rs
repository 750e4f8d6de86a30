//! What the responder makes of a request.

use didshake::http::{Answer, Posted, Refusal, RequestBody, RequestHead, Site, SiteError, StateToken};
use didshake::{AlertCode, Binding, Fault, Origin, Origins};

use crate::wire::site;

const HEAD: RequestHead<'static> = RequestHead {
    method: "POST",
    path: "/didshake",
    host: &[b"login.example"],
    content_type: &[b"application/didshake"],
    state: &[],
};

fn admit(head: &RequestHead<'_>) -> Result<RequestBody, Refusal> {
    site(&["https://login.example"]).admit(head)
}

fn posted(head: &RequestHead<'_>, body: &[u8]) -> Result<Posted, Refusal> {
    let mut request = admit(head)?;
    body.chunks(1000).try_for_each(|chunk| request.push(chunk))?;
    request.finish()
}

fn refused(head: &RequestHead<'_>) -> (u16, usize) {
    let answer = Answer::refusal(&admit(head).unwrap_err());
    (answer.status(), answer.body().len())
}

// R-BIND-8, R-BIND-9
#[test]
fn another_method_media_type_path_or_host_is_refused_without_an_alert() {
    assert!(admit(&HEAD).is_ok());
    for method in ["GET", "PUT", "HEAD", "post", ""] {
        assert_eq!(refused(&RequestHead { method, ..HEAD }), (405, 0), "{method}");
    }
    for path in ["/", "/didshake/", "/Didshake", "/didshake/x", "didshake", ""] {
        assert_eq!(refused(&RequestHead { path, ..HEAD }), (404, 0), "{path}");
    }
    let foreign: [&[&[u8]]; 6] = [
        &[],
        &[b""],
        &[b"text/plain; application/didshake"],
        &[b"application/didshake-x"],
        &[b"application/didshake", b"application/didshake"],
        &[b"application/didshake, text/plain"],
    ];
    for content_type in foreign {
        assert_eq!(refused(&RequestHead { content_type, ..HEAD }), (415, 0), "{content_type:?}");
    }
    for good in
        ["application/didshake", "Application/DIDShake", "application/didshake; charset=x", "application/didshake ;"]
    {
        assert!(admit(&RequestHead { content_type: &[good.as_bytes()], ..HEAD }).is_ok(), "{good}");
    }
    let hosts: [&[&[u8]]; 4] = [&[], &[b"evil.example"], &[b"login.example", b"login.example"], &[b"login.example:80"]];
    for host in hosts {
        assert_eq!(refused(&RequestHead { host, ..HEAD }), (421, 0), "{host:?}");
    }
}

// R-BIND-7
#[test]
fn the_origin_comes_from_the_configuration_and_host_alone() {
    // Without `..`: a new field, for a forwarded header say, does not compile here.
    let RequestHead { method: _, path: _, host: _, content_type: _, state: _ } = HEAD;
    let site = site(&["https://login.example", "http://127.0.0.1:8080"]);
    for (host, origin) in [
        ("login.example", "https://login.example"),
        ("LOGIN.example:443", "https://login.example"),
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
    ] {
        let body = site.admit(&RequestHead { host: &[host.as_bytes()], ..HEAD }).unwrap();
        let Posted::Hello { context, .. } = body.finish().unwrap() else { panic!("an empty body is a Finish") };
        assert_eq!((context.binding(), context.prologue()), (Binding::Http, origin.as_bytes()));
    }
}

// R-BIND-18, R-LIMIT-1, R-WIRE-2
#[test]
fn the_first_byte_decides_the_limit() {
    for first in 0..=255_u8 {
        let limit = if first == 3 { 65_535 } else { 4_096 };
        assert_eq!(RequestBody::limit(first), limit);
        let whole = [vec![first], vec![0; limit - 1]].concat();
        for chunk in [1000, 4096, 70_000] {
            let mut body = admit(&HEAD).unwrap();
            whole.chunks(chunk).for_each(|chunk| body.push(chunk).unwrap());
            body.push(&[]).unwrap();
            let refusal = body.push(&[0]).unwrap_err();
            if first != 15 {
                assert_eq!(refusal, Refusal::Message(Fault::MessageTooLong.into()));
                assert_eq!(Answer::refusal(&refusal), Answer::alert(AlertCode::DecodeError));
            }
        }
        let mut body = admit(&HEAD).unwrap();
        assert!(body.push(&[&whole[..], &[0]].concat()).is_err(), "in one piece");
        body.push(&[first]).expect("nothing of what is too long is kept");
    }
}

// R-BIND-18
#[test]
fn the_first_byte_decides_who_reads_it_and_not_the_state() {
    let with_state = RequestHead { state: &[b"AAAA"], ..HEAD };
    for head in [HEAD, with_state] {
        for body in [&[][..], &[0], &[1, 1], &[2], &[4], &[5], &[16], &[255]] {
            let Ok(Posted::Hello { message, .. }) = posted(&head, body) else { panic!("{body:?}") };
            assert_eq!(message, body);
        }
        let Ok(Posted::Finish { message, .. }) = posted(&head, &[3, 0, 0]) else { panic!("type 3") };
        assert_eq!(message, [3, 0, 0]);
    }
}

// R-BIND-12, R-STATE-2
#[test]
fn a_finish_has_exactly_one_state() {
    let token = |state: &[&[u8]]| match posted(&RequestHead { state, ..HEAD }, &[3]) {
        Ok(Posted::Finish { token, .. }) => token,
        other => panic!("{other:?}"),
    };
    let longest = [b'A'; 4096];
    assert_eq!(token(&[b"c2VhbGVk"]), Some(b"sealed".to_vec()));
    assert_eq!(token(&[&longest]).map(|token| token.len()), Some(3072));
    assert_eq!(token(&[StateToken::encode(&[0xFB, 0xFF]).unwrap().as_str().as_bytes()]), Some(vec![0xFB, 0xFF]));
    let over = [b'A'; 4097];
    let bad: [&[&[u8]]; 8] =
        [&[], &[b""], &[b"AAAA", b"AAAA"], &[b"AAAA, AAAA"], &[b"AA=="], &[b"AA+A"], &[b"A"], &[&over]];
    for state in bad {
        assert_eq!(token(state), None, "{state:?}");
    }
}

// R-BIND-13, R-ALERT-2
#[test]
fn a_posted_alert_is_not_answered() {
    let over = [vec![15], vec![0; 4096]].concat();
    for body in [&[15, 49][..], &[15], &[15, 200], &[15, 49, 0], &over] {
        let refusal = posted(&HEAD, body).unwrap_err();
        assert!(matches!(refusal, Refusal::Alert(_)), "{refusal:?}");
        let answer = Answer::refusal(&refusal);
        assert_eq!((answer.status(), answer.body()), (400, &[][..]));
    }
    assert_eq!(posted(&HEAD, &[15, 49]), Err(Refusal::Alert(Fault::PeerAlert(AlertCode::Denied))));
    assert_eq!(posted(&HEAD, &[15]), Err(Refusal::Alert(Fault::MalformedAlert)));
}

#[test]
fn a_path_is_plain() {
    let origins = || Origins::new(vec![Origin::parse("https://a.example").unwrap()]).unwrap();
    assert_eq!(Site::new(origins(), "/a/b").unwrap().path(), "/a/b");
    for path in ["", "a", "/a?b", "/a#b", "/a b", "/\u{e4}"] {
        assert_eq!(Site::new(origins(), path).unwrap_err(), SiteError::Path, "{path}");
    }
}
