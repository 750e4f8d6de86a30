//! Documents: JSON, limits, shape, ids, relationship, controller.

use super::WEB;
use crate::check::Check;
use crate::config::{Config, Document};
use crate::negative::{Negative, negative};

/// The responder's DID in every positive of this area.
pub(super) const DID: &str = "did:web:service.example";

impl Config {
    fn edit_document(&mut self, edit: impl Fn(&str) -> String) {
        if let Some(Document::Found { text, .. }) = self.documents.get_mut(DID) {
            *text = edit(text);
        }
    }
}

impl Negative {
    /// The responder's document is another one.
    pub(super) fn document(self, change: &str, edit: impl Fn(&str) -> String + 'static) -> Self {
        let mut negative = self.reply().config(change, move |config| config.edit_document(&edit));
        negative.mutated = "document";
        negative
    }

    /// In the responder's document one text is replaced, wherever it stands.
    pub(super) fn replace(self, change: &str, from: &str, to: &str) -> Self {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.document(change, move |text| text.replace(&from, &to))
    }
}

/// Adds members in front of the last brace.
fn add(members: &'static str) -> impl Fn(&str) -> String {
    move |text| format!("{},{members}}}", text.trim_end().strip_suffix('}').unwrap_or(text))
}

fn json() -> Vec<Negative> {
    let syntax = |id| negative(id, "p-web-2020", Check::JsonSyntax);
    let twice = |id| negative(id, "p-web-2020", Check::JsonDuplicate);
    vec![
        syntax("n-document-empty").document("an empty document", |_| String::new()),
        syntax("n-document-array").document("an array around the document", |text| format!("[{text}]")),
        syntax("n-document-text").document("a web page instead of a document", |_| "<!doctype html>".to_owned()),
        syntax("n-document-comma").document("a comma after the last member", |text| text.replace("\"]}", "\"],}")),
        syntax("n-document-trailing").document("a brace after the document", |text| format!("{text}}}")),
        syntax("n-document-bom").document("a byte order mark", |text| format!("\u{feff}{text}")),
        syntax("n-document-surrogate").document("half a surrogate pair", add(r#""a":"\udc00""#)),
        syntax("n-document-escape").document("an escape without hexadecimal digits", add(r#""a":"\uZZZZ""#)),
        syntax("n-document-surrogate-escape")
            .document("half a surrogate pair and an escape of another character", add(r#""a":"\ud83d\u0041""#)),
        syntax("n-document-surrogate-newline")
            .document("half a surrogate pair and a short escape", add(r#""a":"\ud83d\n""#)),
        syntax("n-document-surrogate-twice")
            .document("two first halves of a surrogate pair", add(r#""a":"\ud83d\ud83d""#)),
        syntax("n-document-vertical-tab").document("a vertical tab between members", add("\u{b}\"a\":1")),
        syntax("n-document-form-feed").document("a form feed after the document", |text| format!("{text}\u{c}")),
        syntax("n-document-no-break-space")
            .document("a no-break space before the document", |text| format!("\u{a0}{text}")),
        syntax("n-document-control").document("a line feed inside a string", add("\"a\":\"\n\"")),
        syntax("n-document-number").document("a number beyond a double", add(r#""a":1e400"#)),
        syntax("n-document-number-zero").document("a number with a zero in front", add(r#""a":01"#)),
        twice("n-document-duplicate-id-member").document("id twice", add(r#""id":"did:web:service.example""#)),
        twice("n-document-duplicate-escaped")
            .document("id twice, once with an escape", add(r#""\u0069d":"did:web:service.example""#)),
        twice("n-document-duplicate-deep")
            .document("a member twice, deep inside something ignored", add(r#""a":[{"b":{"c":1,"c":1}}]"#)),
        twice("n-document-duplicate-method").replace(
            "controller twice in a method",
            r#""type":"#,
            r#""controller":"did:web:service.example","type":"#,
        ),
    ]
}

fn limits() -> Vec<Negative> {
    let limit = |id, base| negative(id, base, Check::DocumentLimits);
    vec![
        limit("n-document-size", "p-web-2020").document("65,537 bytes, most of them spaces", |text| {
            format!("{text}{}", " ".repeat(65_537usize.saturating_sub(text.len())))
        }),
        limit("n-document-depth", "p-web-2020").document("17 levels of nesting", |text| {
            let deep = format!(r#","deep":{}0{}}}"#, "[".repeat(16), "]".repeat(16));
            format!("{}{deep}", text.strip_suffix('}').unwrap_or(text))
        }),
        limit("n-document-methods", "p-web-limits").replace(
            "65 verification methods",
            r#"],"authentication""#,
            r##",{"id":"#key-65","type":"Other","controller":"did:web:service.example"}],"authentication""##,
        ),
        limit("n-document-authentication", "p-web-limits").document("65 entries under authentication", |text| {
            text.replace(r##""#key-1"],"##, &format!(r##""#key-1"{}],"##, r##","#key-2""##.repeat(64)))
        }),
        limit("n-document-services", "p-web-2020").document("65 services", |text| {
            let services = vec![r#"{"type":"x"}"#; 65].join(",");
            format!(r#"{},"service":[{services}]}}"#, text.strip_suffix('}').unwrap_or(text))
        }),
    ]
}

fn shapes() -> Vec<Negative> {
    let shape = |id, base| negative(id, base, Check::DocumentShape);
    let method = |id, change: &str, method: &str| {
        let method = format!(r#""verificationMethod":[{method},"#);
        negative(id, "p-web-crowded", Check::DocumentShape).replace(change, r#""verificationMethod":["#, &method)
    };
    vec![
        shape("n-document-id-missing", "p-web-2020").replace(
            "no id",
            r#""id":"did:web:service.example","verificationMethod""#,
            r#""verificationMethod""#,
        ),
        shape("n-document-id-number", "p-web-2020").replace(
            "id as a number",
            r#""id":"did:web:service.example","verificationMethod""#,
            r#""id":1,"verificationMethod""#,
        ),
        shape("n-document-methods-null", "p-web-embedded").replace(
            "verificationMethod null",
            r#""verificationMethod":[]"#,
            r#""verificationMethod":null"#,
        ),
        shape("n-document-methods-object", "p-web-embedded").replace(
            "verificationMethod as an object",
            r#""verificationMethod":[]"#,
            r#""verificationMethod":{}"#,
        ),
        shape("n-document-reference-number", "p-web-relative-ids").replace(
            "a number under authentication",
            r##""authentication":["##,
            r##""authentication":[1,"##,
        ),
        shape("n-document-reference-relative", "p-web-relative-ids").replace(
            "a reference that is neither a DID URL nor #fragment",
            r##""authentication":["##,
            r##""authentication":["key-1","##,
        ),
        shape("n-document-service-object", "p-web-2020").document("service as an object", add(r#""service":{}"#)),
        shape("n-document-service-text", "p-web-2020")
            .document("a service that is a string", add(r#""service":["https://service.example"]"#)),
        method("n-document-method-text", "a method that is a string", r##""#key-0""##),
        method(
            "n-document-method-no-id",
            "a method without id",
            r#"{"type":"Other","controller":"did:web:service.example"}"#,
        ),
        method(
            "n-document-method-no-type",
            "a method without type",
            r##"{"id":"#key-0","controller":"did:web:service.example"}"##,
        ),
        method("n-document-method-no-controller", "a method without controller", r##"{"id":"#key-0","type":"Other"}"##),
        method(
            "n-document-method-controller-list",
            "a method whose controller is an array",
            r##"{"id":"#key-0","type":"Other","controller":["did:web:service.example"]}"##,
        ),
        method(
            "n-document-method-id-url",
            "a method whose id is no DID URL",
            r#"{"id":"https://service.example#key-0","type":"Other","controller":"did:web:service.example"}"#,
        ),
        method(
            "n-document-method-id-relative",
            "a method whose id is a bare name",
            r#"{"id":"key-0","type":"Other","controller":"did:web:service.example"}"#,
        ),
    ]
}

fn ids() -> Vec<Negative> {
    let top = |did: &str| format!(r#""id":"{did}","verificationMethod""#);
    let mismatch =
        |id, change: &str, did: &str| negative(id, WEB, Check::DocumentId).replace(change, &top(DID), &top(did));
    vec![
        mismatch("n-document-id-other", "the document of another DID", "did:web:other.example"),
        mismatch("n-document-id-case", "an id with a capital", "did:web:Service.example"),
        mismatch("n-document-id-percent", "an id with one letter percent-encoded", "did:web:servic%65.example")
            .also(&["R-ID-6"]),
        mismatch("n-document-id-url", "an id with a fragment", "did:web:service.example#key-1"),
        negative("n-document-ids-equal", "p-web-crowded", Check::DocumentDuplicateId).replace(
            "two methods with one id",
            "#two",
            "#revoked",
        ),
        negative("n-document-ids-equal-relative", "p-web-crowded", Check::DocumentDuplicateId).replace(
            "two methods with one id, one relative and one absolute",
            r##""id":"#two""##,
            r##""id":"did:web:service.example#expired""##,
        ),
        negative("n-document-ids-equal-embedded", "p-web-relative-ids", Check::DocumentDuplicateId).replace(
            "a listed method and an embedded one with one id",
            r##""authentication":["##,
            r##""authentication":[{"id":"#key-1","type":"Other","controller":"did:web:service.example"},"##,
        ),
        negative("n-document-deactivated", WEB, Check::Deactivated).reply().config(
            "the DID is deactivated",
            |config| {
                if let Some(Document::Found { deactivated, .. }) = config.documents.get_mut(DID) {
                    *deactivated = true;
                }
            },
        ),
        negative("n-document-missing", WEB, Check::DidFound).reply().config("there is no document", |config| {
            config.documents.insert(DID.to_owned(), Document::Missing { missing: true });
        }),
        negative("n-document-missing-initiator", WEB, Check::DidFound).finish().config(
            "there is no document",
            |config| {
                config.documents.insert("did:web:agents.example:alice".to_owned(), Document::Missing { missing: true });
            },
        ),
    ]
}

fn methods() -> Vec<Negative> {
    let replace =
        |id, base, check, change: &str, from: &str, to: &str| negative(id, base, check).replace(change, from, to);
    let list = r##""authentication":["#key-1"]"##;
    vec![
        replace(
            "n-method-absent",
            "p-web-relative-ids",
            Check::MethodPresent,
            "the method has another id",
            "#key-1",
            "#key-2",
        ),
        replace(
            "n-method-absent-case",
            "p-web-relative-ids",
            Check::MethodPresent,
            "the method's id differs in case",
            "#key-1",
            "#Key-1",
        ),
        replace(
            "n-method-absent-foreign",
            "p-web-relative-ids",
            Check::MethodPresent,
            "the method's id has another DID before the fragment",
            "#key-1",
            "did:web:other.example#key-1",
        ),
        replace(
            "n-method-embedded-elsewhere",
            "p-web-embedded",
            Check::MethodPresent,
            "the method is embedded under assertionMethod only",
            r#""authentication""#,
            r#""assertionMethod""#,
        ),
        replace(
            "n-method-not-listed",
            "p-web-relative-ids",
            Check::MethodAuthentication,
            "authentication is empty",
            list,
            r#""authentication":[]"#,
        ),
        replace(
            "n-method-no-authentication",
            "p-web-relative-ids",
            Check::MethodAuthentication,
            "no authentication",
            &format!(",{list}"),
            "",
        ),
        replace(
            "n-method-assertion-only",
            "p-web-relative-ids",
            Check::MethodAuthentication,
            "the method is under assertionMethod only",
            r#""authentication""#,
            r#""assertionMethod""#,
        ),
        replace(
            "n-method-other-referenced",
            "p-web-mixed-ids",
            Check::MethodAuthentication,
            "authentication references a method of another DID with the same fragment",
            r#"["did:web:service.example#key-1"]"#,
            r#"["did:web:other.example#key-1"]"#,
        ),
        replace(
            "n-method-controller",
            "p-web-2020",
            Check::MethodController,
            "the method's controller is another DID",
            r#""controller":"did:web:service.example""#,
            r#""controller":"did:web:other.example""#,
        ),
        replace(
            "n-method-controller-url",
            "p-web-2020",
            Check::MethodController,
            "the method's controller is a DID URL of the DID",
            r#""controller":"did:web:service.example""#,
            r#""controller":"did:web:service.example#key-1""#,
        ),
    ]
}

pub(super) fn all() -> Vec<Negative> {
    [json(), limits(), shapes(), ids(), methods()].into_iter().flatten().collect()
}
