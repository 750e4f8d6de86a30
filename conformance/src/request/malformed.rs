//! Fields that are missing, come twice, or whose `Signature-Input` has another form.

use super::case::Negative;
use super::check::RequestCheck as Check;
use super::client::COMPONENTS;
use super::file::Request;

fn missing_and_twice() -> Vec<Negative> {
    let sent = |id, check, at, change: &str, edit: fn(&mut Request)| Negative::sent(id, check, at, change, edit);
    vec![
        sent("r-unsigned", Check::Signed, "request", "none of the three fields", |request| {
            request.signature_input.clear();
            request.signature.clear();
            request.content_digest.clear();
        }),
        sent("r-unsigned-digest", Check::Signed, "request", "`Content-Digest` alone", |request| {
            request.signature_input.clear();
            request.signature.clear();
        }),
        sent("r-input-missing", Check::InputOnce, "signature_input", "no `Signature-Input`", |request| {
            request.signature_input.clear();
        }),
        sent("r-signature-missing", Check::SignatureOnce, "signature", "no `Signature`", |request| {
            request.signature.clear();
        }),
        sent("r-digest-missing", Check::DigestOnce, "content_digest", "no `Content-Digest`", |request| {
            request.content_digest.clear();
        }),
        sent("r-digest-missing-without-body", Check::DigestOnce, "content_digest", "no `Content-Digest`", |request| {
            request.content_digest.clear();
        })
        .on("r-get"),
        sent("r-input-twice", Check::InputOnce, "signature_input", "`Signature-Input` twice", |request| {
            request.signature_input.extend(request.signature_input.clone());
        }),
        sent("r-signature-twice", Check::SignatureOnce, "signature", "`Signature` twice", |request| {
            request.signature.extend(request.signature.clone());
        }),
        sent("r-digest-twice", Check::DigestOnce, "content_digest", "`Content-Digest` twice", |request| {
            request.content_digest.extend(request.content_digest.clone());
        }),
        sent(
            "r-input-and-empty",
            Check::InputOnce,
            "signature_input",
            "a second, empty `Signature-Input`",
            |request| {
                request.signature_input.push(String::new());
            },
        ),
    ]
}

/// `Signature-Input`, signed as it is sent, with the one text in place of the other.
fn replaced(id: &'static str, check: Check, change: &str, from: &'static str, to: &'static str) -> Negative {
    Negative::input(id, check, change, move |input| input.replacen(from, to, 1))
}

fn labels() -> Vec<Negative> {
    let label = |id, change: &str, to| replaced(id, Check::InputLabel, change, "didshake=", to);
    vec![
        label("r-label-other", "the label `sig1`", "sig1="),
        label("r-label-upper", "the label `Didshake`", "Didshake="),
        label("r-label-missing", "no label", "="),
        label("r-label-space-before", "a space between label and `=`", "didshake ="),
    ]
}

/// Other lists of components: id, change, list.
const LISTS: [(&str, &str, &str); 14] = [
    ("r-components-none", "no components", "()"),
    ("r-components-without-method", "`@method` is not signed", r#"("@authority" "@path" "@query" "content-digest")"#),
    (
        "r-components-without-authority",
        "`@authority` is not signed",
        r#"("@method" "@path" "@query" "content-digest")"#,
    ),
    ("r-components-without-path", "`@path` is not signed", r#"("@method" "@authority" "@query" "content-digest")"#),
    ("r-components-without-query", "`@query` is not signed", r#"("@method" "@authority" "@path" "content-digest")"#),
    ("r-components-without-digest", "`content-digest` is not signed", r#"("@method" "@authority" "@path" "@query")"#),
    (
        "r-components-extra",
        "`@scheme` is signed too",
        r#"("@method" "@authority" "@path" "@query" "content-digest" "@scheme")"#,
    ),
    (
        "r-components-twice",
        "`@path` is listed twice",
        r#"("@method" "@authority" "@path" "@path" "@query" "content-digest")"#,
    ),
    (
        "r-components-request-target",
        "`@request-target` in place of path and query",
        r#"("@method" "@authority" "@request-target" "content-digest")"#,
    ),
    ("r-components-order", "`@query` before `@path`", r#"("@method" "@authority" "@query" "@path" "content-digest")"#),
    (
        "r-components-upper",
        "`Content-Digest` in capitals",
        r#"("@method" "@authority" "@path" "@query" "Content-Digest")"#,
    ),
    (
        "r-components-parameter",
        "a parameter of `content-digest`",
        r#"("@method" "@authority" "@path" "@query" "content-digest";sf)"#,
    ),
    (
        "r-components-two-spaces",
        "two spaces between components",
        r#"("@method"  "@authority" "@path" "@query" "content-digest")"#,
    ),
    (
        "r-components-space-inside",
        "a space after the parenthesis",
        r#"( "@method" "@authority" "@path" "@query" "content-digest")"#,
    ),
];

fn components() -> Vec<Negative> {
    let lists = LISTS.into_iter();
    lists.map(|(id, change, list)| replaced(id, Check::InputComponents, change, COMPONENTS, list)).collect()
}

/// Without the parameter of this name, which stands between two others.
fn without(id: &'static str, change: &str, name: &'static str) -> Negative {
    Negative::input(id, Check::InputParameters, change, move |input| {
        let others = input.split(';').filter(|part| !part.starts_with(name));
        others.collect::<Vec<_>>().join(";")
    })
}

fn parameters() -> Vec<Negative> {
    let odd = |id, change: &str, from, to| replaced(id, Check::InputParameters, change, from, to);
    vec![
        without("r-created-missing", "no `created`", "created="),
        without("r-nonce-missing", "no `nonce`", "nonce="),
        without("r-keyid-missing", "no `keyid`", "keyid="),
        without("r-alg-missing", "no `alg`", "alg="),
        without("r-tag-missing", "no `tag`", "tag="),
        Negative::input("r-parameters-order", Check::InputParameters, "`nonce` before `created`", |input| {
            let mut parts: Vec<&str> = input.split(';').collect();
            parts.swap(1, 2);
            parts.join(";")
        }),
        Negative::input("r-parameters-twice", Check::InputParameters, "`nonce` twice", |input| {
            let mut parts: Vec<&str> = input.split(';').collect();
            parts.extend(parts.get(2).copied());
            parts.join(";")
        }),
        odd("r-parameters-extra", "`expires` between `created` and `nonce`", ";nonce=", ";expires=1767229200;nonce="),
        odd("r-parameters-extra-last", "`expires` after `tag`", "login/1\"", "login/1\";expires=1767229200"),
        odd("r-parameters-flag", "a parameter without a value after `tag`", "login/1\"", "login/1\";x"),
        odd("r-parameters-upper", "`Nonce` in capitals", ";nonce=", ";Nonce="),
        odd("r-parameters-space", "a space after a semicolon", ";nonce=", "; nonce="),
        odd("r-parameters-space-before", "a space before a semicolon", ");created", ") ;created"),
        odd("r-parameters-tab", "a tab after a semicolon", ";keyid=", ";\tkeyid="),
        odd("r-parameters-last-semicolon", "a semicolon at the end", "login/1\"", "login/1\";"),
        Negative::input("r-input-too-long", Check::InputParameters, "513 bytes, by a parameter `x`", |input| {
            let length = 513_usize.saturating_sub(input.len() + ";x=\"\"".len());
            format!("{input};x=\"{}\"", "x".repeat(length))
        }),
    ]
}

fn created() -> Vec<Negative> {
    let odd = |id, change: &str, to| replaced(id, Check::InputCreated, change, "created=1767225610", to);
    vec![
        odd("r-created-empty", "no digits", "created="),
        odd("r-created-plus", "a plus sign", "created=+1767225610"),
        odd("r-created-negative", "a minus sign", "created=-1767225610"),
        odd("r-created-leading-zero", "a leading zero", "created=01767225610"),
        odd("r-created-decimal", "a decimal", "created=1767225610.0"),
        odd("r-created-string", "a string", "created=\"1767225610\""),
        odd("r-created-date", "a date of RFC 9651", "created=@1767225610"),
        odd("r-created-hexadecimal", "hexadecimal", "created=0x6955bf0a"),
        odd("r-created-space", "a space before the number", "created= 1767225610"),
        odd("r-created-16-digits", "16 digits", "created=1767225610000000"),
        odd("r-created-64-bits", "2^64 and the time", "created=18446744075476777226"),
        odd("r-created-fullwidth", "digits that are not ASCII", "created=１７６７２２５６１０"),
    ]
}

fn names_and_constants() -> Vec<Negative> {
    let alg = |id, change: &str, to| replaced(id, Check::InputAlgorithm, change, "alg=\"hmac-sha256\"", to);
    let tag = |id, change: &str, to| replaced(id, Check::InputTag, change, "tag=\"didshake.login/1\"", to);
    vec![
        alg("r-alg-other", "`hmac-sha512`", "alg=\"hmac-sha512\""),
        alg("r-alg-none", "`none`", "alg=\"none\""),
        alg("r-alg-upper", "`HMAC-SHA256`", "alg=\"HMAC-SHA256\""),
        alg("r-alg-token", "a token instead of a string", "alg=hmac-sha256"),
        alg("r-alg-empty", "an empty string", "alg=\"\""),
        tag("r-tag-other", "`didshake.login/2`", "tag=\"didshake.login/2\""),
        tag("r-tag-upper", "`Didshake.login/1`", "tag=\"Didshake.login/1\""),
        tag("r-tag-space", "a space at the end of the string", "tag=\"didshake.login/1 \""),
        tag("r-tag-empty", "an empty string", "tag=\"\""),
        tag("r-tag-token", "a token instead of a string", "tag=didshake.login/1"),
        tag("r-input-two-signatures", "a second signature in the same field", "tag=\"didshake.login/1\", sig2=()"),
    ]
}

pub(crate) fn all() -> Vec<Negative> {
    let all = [missing_and_twice(), labels(), components(), parameters(), created(), names_and_constants()];
    all.into_iter().flatten().collect()
}
