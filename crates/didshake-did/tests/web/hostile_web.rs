//! What a server can answer. Each test is a row of `spec/resolution.md`, which names it; [`crate::table`] compares.

use std::time::Duration;

use didshake::Fault;
use didshake_did::web::WebFailure;

use crate::attack::{attack, document, good, response};
use crate::server::Conduct;

const JSON: &str = "Content-Type: application/did+json\r\n";

/// Fifty kilobytes of gzip that become eight megabytes of zeros: a zero, then copies of the 258 bytes before, in fixed
/// Huffman codes. The checksum is missing, which a reader finds out at the end.
fn zeros_in_gzip() -> Vec<u8> {
    let mut bits = "110".to_owned() + "00110000";
    bits.push_str(&"1100010100000".repeat(32_000));
    bits.push_str("0000000");
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| (byte << 1) | (bit - b'0'));
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];
    head.into_iter().chain(bits.as_bytes().chunks(8).map(byte)).collect()
}

fn answer(text: impl AsRef<[u8]>) -> Conduct {
    Conduct::Answer(text.as_ref().to_vec())
}

/// A status other than 200, with the right document and the right type.
fn status(line: &str, more: &str, did: &str) -> Conduct {
    let body = document(did);
    answer(format!("HTTP/1.1 {line}\r\n{JSON}{more}Content-Length: {}\r\n\r\n{body}", body.len()))
}

fn body(body: impl AsRef<[u8]>) -> Conduct {
    Conduct::Answer(response(JSON, body.as_ref()))
}

/// The right document under other headers.
fn headers(headers: &str, did: &str) -> Conduct {
    Conduct::Answer(response(headers, document(did).as_bytes()))
}

fn head(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\n{JSON}{headers}\r\n").into_bytes()
}

/// The right document, with spaces behind it.
fn of_length(did: &str, length: usize) -> String {
    let text = document(did);
    let spaces = " ".repeat(length - text.len());
    text + &spaces
}

/// A document with a member that is worth `value`.
fn with_member(did: &str, value: &str) -> String {
    format!(r#"{{"id":"{did}","x":{value}}}"#)
}

macro_rules! attacks {
    ($($name:ident: $conduct:expr => $expected:expr;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let (server, fetched) = attack($conduct).await;
                assert_eq!(fetched.err(), Some($expected));
                assert!(server.connections() == 1, "{} connections", server.connections());
                // What the system's buffers hold, and no more. Only interim responses go on until the deadline.
                let bounded = server.sent() < 32 << 20 || $expected == WebFailure::Deadline;
                assert!(bounded, "{} bytes", server.sent());
            }
        )*
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

attacks! {
    redirect_to_itself: |did| status("301 Moved Permanently", "Location: /.well-known/did.json?again\r\n", did) => WebFailure::Redirect(301);
    redirect_to_a_private_address: |did| status("302 Found", "Location: http://10.0.0.1/did.json\r\n", did) => WebFailure::Redirect(302);
    redirect_to_cloud_metadata: |did| status("307 Temporary Redirect", "Location: http://169.254.169.254/latest/\r\n", did) => WebFailure::Redirect(307);
    redirect_to_a_file: |did| status("308 Permanent Redirect", "Location: file:///etc/passwd\r\n", did) => WebFailure::Redirect(308);
    redirect_without_location: |did| status("303 See Other", "", did) => WebFailure::Redirect(303);
    not_found: |did| status("404 Not Found", "", did) => WebFailure::NotFound;
    gone: |did| status("410 Gone", "", did) => WebFailure::NotFound;
    server_error: |did| status("500 Internal Server Error", "", did) => WebFailure::Status(500);
    asks_for_credentials: |did| status("401 Unauthorized", "WWW-Authenticate: Basic\r\n", did) => WebFailure::Status(401);
    asks_for_proxy_credentials: |did| status("407 Proxy Authentication Required", "Proxy-Authenticate: Basic\r\n", did) => WebFailure::Status(407);
    partial_content: |did| status("206 Partial Content", "Content-Range: bytes 0-9/10\r\n", did) => WebFailure::Status(206);
    no_content: |_| answer("HTTP/1.1 204 No Content\r\n\r\n") => WebFailure::Status(204);

    stall_before_the_response: |_| Conduct::Stall(Vec::new()) => WebFailure::Deadline;
    stall_in_the_head: |_| Conduct::Stall(b"HTTP/1.1 200 OK\r\nContent-Ty".to_vec()) => WebFailure::Deadline;
    stall_in_the_body: |_| Conduct::Stall([head("Content-Length: 90\r\n"), b"{\"id\":".to_vec()].concat()) => WebFailure::Deadline;
    head_byte_by_byte: |_| Conduct::Drip(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X: y\r\n".to_vec(), Duration::from_millis(50)) => WebFailure::Deadline;
    body_byte_by_byte: |_| Conduct::Drip(head("Content-Length: 60000\r\n"), b" ".to_vec(), Duration::from_millis(50)) => WebFailure::Deadline;
    chunk_by_chunk: |_| Conduct::Drip(head("Transfer-Encoding: chunked\r\n"), b"1\r\n \r\n".to_vec(), Duration::from_millis(20)) => WebFailure::Deadline;
    endless_interim_responses: |_| Conduct::Flood(Vec::new(), b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()) => WebFailure::Deadline;

    a_gigabyte_announced: |_| Conduct::Flood(head("Content-Length: 1073741824\r\n"), vec![b' '; 65536]) => WebFailure::TooLong;
    a_gigabyte_in_chunks: |_| Conduct::Flood(head("Transfer-Encoding: chunked\r\n"), [b"10000\r\n".as_slice(), &[b' '; 65536], b"\r\n"].concat()) => WebFailure::TooLong;
    a_gigabyte_without_length: |_| Conduct::Flood(head("Connection: close\r\n"), vec![b' '; 65536]) => WebFailure::TooLong;
    one_byte_too_long: |did| body(of_length(did, 65_537)) => WebFailure::TooLong;
    one_byte_too_long_in_chunks: |did| answer([head("Transfer-Encoding: chunked\r\n"), b"10001\r\n".to_vec(), of_length(did, 65_537).into_bytes(), b"\r\n0\r\n\r\n".to_vec()].concat()) => WebFailure::TooLong;
    a_gigabyte_of_headers: |_| Conduct::Flood(b"HTTP/1.1 200 OK\r\n".to_vec(), b"X-Filler: and so on and so on and so on\r\n".repeat(100)) => WebFailure::Connect;
    one_endless_header: |_| Conduct::Flood(b"HTTP/1.1 200 OK\r\nX-Filler: ".to_vec(), vec![b'a'; 65536]) => WebFailure::Connect;
    an_endless_chunk_extension: |_| Conduct::Flood([head("Transfer-Encoding: chunked\r\n"), b"1;x=".to_vec()].concat(), vec![b'a'; 65536]) => WebFailure::Body;
    endless_trailers: |_| Conduct::Flood([head("Transfer-Encoding: chunked\r\n"), b"0\r\n".to_vec()].concat(), b"X: y\r\n".repeat(1000)) => WebFailure::Body;

    gzip_bomb: |_| Conduct::Answer(response(&format!("{JSON}Content-Encoding: gzip\r\n"), &zeros_in_gzip())) => WebFailure::ContentEncoding;
    brotli: |_| Conduct::Answer(response(&format!("{JSON}Content-Encoding: br\r\n"), b"\x0b\x02\x80")) => WebFailure::ContentEncoding;
    gzip_behind_identity: |_| Conduct::Answer(response(&format!("{JSON}Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"), &zeros_in_gzip())) => WebFailure::ContentEncoding;
    gzip_without_saying_so: |_| body(zeros_in_gzip()) => WebFailure::Document(Fault::DocumentJson);
    gzip_as_transfer_coding: |_| answer([head("Transfer-Encoding: gzip, chunked\r\n"), format!("{:x}\r\n", zeros_in_gzip().len()).into_bytes(), zeros_in_gzip(), b"\r\n0\r\n\r\n".to_vec()].concat()) => WebFailure::Document(Fault::DocumentJson);

    content_type_html: |did| headers("Content-Type: text/html\r\n", did) => WebFailure::ContentType;
    content_type_plain: |did| headers("Content-Type: text/plain; x=application/did+json\r\n", did) => WebFailure::ContentType;
    content_type_longer: |did| headers("Content-Type: application/jsonp\r\n", did) => WebFailure::ContentType;
    content_type_missing: |did| headers("", did) => WebFailure::ContentType;
    content_type_twice: |did| headers("Content-Type: application/json\r\nContent-Type: text/html\r\n", did) => WebFailure::ContentType;

    wrong_id: |_| body(document("did:web:example.com")) => WebFailure::Document(Fault::DocumentIdMismatch);
    id_of_another_spelling: |did| body(document(&did.replace("%3A", "%3a"))) => WebFailure::Document(Fault::DocumentIdMismatch);
    no_id: |_| body("{}") => WebFailure::Document(Fault::DocumentShape);
    duplicate_keys: |did| body(format!(r#"{{"id":"did:web:example.com","id":"{did}"}}"#)) => WebFailure::Document(Fault::DocumentJson);
    deep_json: |did| body(with_member(did, &("[".repeat(30_000) + &"]".repeat(30_000)))) => WebFailure::Document(Fault::DocumentLimits);
    seventeen_levels: |did| body(with_member(did, &("[".repeat(16) + &"]".repeat(16)))) => WebFailure::Document(Fault::DocumentLimits);
    many_methods: |did| body(format!(r##"{{"id":"{did}","authentication":[{}]}}"##, vec![r##""#a""##; 65].join(","))) => WebFailure::Document(Fault::DocumentLimits);
    an_array: |did| body(format!("[{}]", document(did))) => WebFailure::Document(Fault::DocumentJson);
    byte_order_mark: |did| body(format!("\u{feff}{}", document(did))) => WebFailure::Document(Fault::DocumentJson);
    not_utf_8: |did| body([b"{\"\xff\":1,", &document(did).as_bytes()[1..]].concat()) => WebFailure::Document(Fault::DocumentJson);
    two_documents: |did| body(document(did).repeat(2)) => WebFailure::Document(Fault::DocumentJson);
    empty_body: |_| body("") => WebFailure::Document(Fault::DocumentJson);

    body_breaks_off: |did| Conduct::Drop([head("Content-Length: 5000\r\n"), document(did).into_bytes()].concat()) => WebFailure::Body;
    chunks_break_off: |did| Conduct::Drop([head("Transfer-Encoding: chunked\r\n"), format!("{:x}\r\n{}\r\n", document(did).len(), document(did)).into_bytes()].concat()) => WebFailure::Body;
    chunk_size_overflows: |_| answer([head("Transfer-Encoding: chunked\r\n"), b"fffffffffffffffff\r\n{}".to_vec()].concat()) => WebFailure::Body;
    two_lengths: |did| headers(&format!("{JSON}Content-Length: 2\r\n"), did) => WebFailure::Connect;
    negative_length: |_| answer(head("Content-Length: -1\r\n")) => WebFailure::Connect;
    no_http: |_| answer("SSH-2.0-OpenSSH_9.2p1\r\n") => WebFailure::Connect;
    http_0_9: |did| answer(document(did)) => WebFailure::Connect;
    http_2_unasked: |_| answer(b"\x00\x00\x00\x04\x00\x00\x00\x00\x00") => WebFailure::Connect;
    closes_at_once: |_| Conduct::Drop(Vec::new()) => WebFailure::Connect;
    switches_protocols: |_| answer("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n{}") => WebFailure::Status(101);
}

/// Without this, every attack might be refused for a reason that has nothing to do with it.
#[tokio::test]
async fn the_same_server_without_an_attack_is_accepted() {
    let (server, fetched) = attack(|did| Conduct::Answer(good(did))).await;
    assert!(fetched.is_ok(), "{fetched:?}");
    assert_eq!(server.connections(), 1);
    let (_, longest) = attack(|did| body(of_length(did, 65_536))).await;
    assert!(longest.is_ok(), "{longest:?}");
}
