//! DID documents, read strictly (R-DOC): bytes in, a document or the first fault out. No input, no output, no clock.

use std::collections::HashSet;

use didshake::{Did, Document, Fault, Fragment, PublicKey, UnixTime};

use crate::json::{self, Json, JsonFault, Object};
use crate::key_agreement::{self, KeyAgreement};
use crate::verification_method::{VerificationMethod, absolute_id};

/// The longest document that is read, in bytes (R-DOC-2).
pub const MAX_DOCUMENT_BYTES: usize = 65_536;

// Entries of `verificationMethod`, of `authentication` and of `service`, each.
pub(crate) const MAX_ENTRIES: usize = 64;

/// A DID document that passed every check that does not depend on which method a handshake names.
///
/// ```
/// use didshake::{Did, Document, Fragment, UnixTime};
/// use didshake_did::DidDocument;
/// let did = Did::parse("did:web:example.com")?;
/// let document = DidDocument::parse(br##"{
///     "id": "did:web:example.com",
///     "verificationMethod": [{"id": "#key-1", "type": "Multikey", "controller": "did:web:example.com",
///         "publicKeyMultibase": "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}],
///     "authentication": ["#key-1"]
/// }"##, &did)?;
/// let key = document.authentication_key(&did, &Fragment::of(&did, "key-1")?, UnixTime(1_767_225_600))?;
/// assert_eq!(key.as_bytes().len(), 32);
/// # Ok::<(), didshake::Fault>(())
/// ```
#[derive(Clone, Debug)]
pub struct DidDocument {
    did: Did,
    text: String,
    methods: Vec<VerificationMethod>,
    authentication: Vec<String>,
    services: Vec<Service>,
    // The document of a DID that is a key: the handshake names its one method by the empty fragment.
    is_key: bool,
}

/// An entry of `service`, as far as it can be read; nothing in it is verified beyond that the document says so.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// The id, absolute where the document gave `#fragment`, otherwise as written.
    pub id: String,
    /// The type or types.
    pub types: Vec<String>,
    /// The endpoints: the text, each text of a list, and the `uri` of each object. Not checked to be URLs.
    pub endpoints: Vec<String>,
}

impl DidDocument {
    /// Reads the document of `did`, checking in the order of R-DOC-17.
    ///
    /// # Errors
    /// [`Fault::DocumentLimits`] over [`MAX_DOCUMENT_BYTES`], 16 levels, or 64 entries of `verificationMethod`,
    /// `authentication` or `service`; [`Fault::DocumentJson`] where it is not one JSON object without duplicate members;
    /// [`Fault::DocumentShape`] for a member of the wrong type or an id that is no DID URL;
    /// [`Fault::DocumentDuplicateId`] where two methods have one id; [`Fault::DocumentIdMismatch`] where it is of
    /// another DID.
    pub fn parse(bytes: &[u8], did: &Did) -> Result<Self, Fault> {
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(Fault::DocumentLimits);
        }
        Self::of_text(did, String::from_utf8(bytes.to_vec()).map_err(|_| Fault::DocumentJson)?)
    }

    /// The same of a document that the DID carries, which is as long as the DID makes it.
    pub(crate) fn of_text(did: &Did, text: String) -> Result<Self, Fault> {
        let document = read(text.as_bytes())?;
        let id = member(&document, "id")?.to_owned();
        let mut methods = methods(&document, &id)?;
        let (embedded, authentication) = relationship(&document, "authentication", &id)?;
        methods.extend(embedded);
        let services = services(&document, &id)?;
        let mut seen = HashSet::new();
        if !methods.iter().all(|method| seen.insert(method.id.as_str())) {
            return Err(Fault::DocumentDuplicateId);
        }
        if id != did.as_str() {
            return Err(Fault::DocumentIdMismatch);
        }
        Ok(Self { did: did.clone(), text, methods, authentication, services, is_key: false })
    }

    /// The DID that a document says it is of, unchecked beyond that: for documents that come without one, from a file.
    ///
    /// # Errors
    /// Those of [`DidDocument::parse`] up to its `id`; [`Fault::DidSyntax`] where that is no DID.
    pub fn claimed_did(bytes: &[u8]) -> Result<Did, Fault> {
        if bytes.len() > MAX_DOCUMENT_BYTES {
            return Err(Fault::DocumentLimits);
        }
        Did::parse(member(&read(bytes)?, "id")?)
    }

    /// The document of a DID that is a key.
    pub(crate) fn of_key(did: &Did, fragment: &str, key: PublicKey, text: String) -> Self {
        let method = VerificationMethod::of_key(did, fragment, key);
        let authentication = vec![method.id.clone()];
        Self { did: did.clone(), text, methods: vec![method], authentication, services: Vec::new(), is_key: true }
    }

    /// The DID.
    #[must_use]
    pub fn did(&self) -> &Did {
        &self.did
    }

    /// The document as it was read; for a DID that carries it the one that its specification derives.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The absolute ids of the methods that `authentication` lists, in its order, whatever becomes of their keys; for
    /// display.
    #[must_use]
    pub fn authentication_methods(&self) -> &[String] {
        &self.authentication
    }

    /// The services, in order. Entries that are no more than an object are there too, with what they lack left empty.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// The entries of `keyAgreement`, at most 64, as they are at `now`. No handshake looks at them.
    #[must_use]
    pub fn key_agreement(&self, now: UnixTime) -> Vec<KeyAgreement> {
        read(self.text.as_bytes())
            .map(|document| key_agreement::of_document(&document, &self.did, now))
            .unwrap_or_default()
    }

    /// Whether the document has the method, under `authentication` or not: what decides whether a cached document is
    /// fetched once more (R-DOC-18).
    #[must_use]
    pub fn has_method(&self, fragment: &Fragment) -> bool {
        self.method(fragment).is_ok()
    }

    /// The key with this absolute id that the document lists under `assertionMethod`, where it counts at `now`.
    pub(crate) fn assertion_key(&self, id: &str, now: UnixTime) -> Option<PublicKey> {
        // Read anew from the text: no handshake asks for it, so that nothing of it is kept.
        let document = json::read_object(self.text.as_bytes()).ok()?;
        let (mut methods, listed) = relationship(&document, "assertionMethod", self.did.as_str()).ok()?;
        methods.extend_from_slice(&self.methods);
        let listed = listed.iter().any(|listed| listed == id);
        let mut named = methods.iter().filter(|method| listed && method.id == id);
        let method = named.next().filter(|_| named.next().is_none())?;
        method.key_at(&self.did, now).ok()
    }

    /// About how much memory the document takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let service = |service: &Service| {
            let texts = service.types.iter().chain(&service.endpoints).chain([&service.id]);
            texts.map(|text| text.len() + size_of::<String>()).sum::<usize>()
        };
        let methods = self.methods.len().saturating_mul(size_of::<VerificationMethod>());
        // Ids and references repeat parts of the text, once more each at most.
        let ids: usize =
            self.methods.iter().map(|method| &method.id).chain(&self.authentication).map(String::len).sum();
        self.text.len() + methods + ids + self.services.iter().map(service).sum::<usize>()
    }

    fn method(&self, fragment: &Fragment) -> Result<&VerificationMethod, Fault> {
        if self.is_key {
            return self.methods.first().filter(|_| fragment.as_str().is_empty()).ok_or(Fault::MethodAbsent);
        }
        let id = format!("{}#{}", self.did, fragment.as_str());
        let named = self.methods.iter().find(|method| method.id == id);
        named.filter(|_| !fragment.as_str().is_empty()).ok_or(Fault::MethodAbsent)
    }
}

impl Document for DidDocument {
    fn authentication_key(&self, did: &Did, fragment: &Fragment, now: UnixTime) -> Result<PublicKey, Fault> {
        if *did != self.did {
            return Err(Fault::DocumentIdMismatch);
        }
        let method = self.method(fragment)?;
        if !self.authentication.contains(&method.id) {
            return Err(Fault::MethodNotAuthentication);
        }
        method.key_at(did, now)
    }
}

fn read(bytes: &[u8]) -> Result<Object, Fault> {
    let document = json::read_object(bytes).map_err(|fault| match fault {
        JsonFault::Malformed => Fault::DocumentJson,
        JsonFault::TooDeep => Fault::DocumentLimits,
    })?;
    let entries = ["verificationMethod", "authentication", "service"];
    let too_many =
        |name: &&str| document.get(*name).and_then(Json::as_list).is_some_and(|list| list.len() > MAX_ENTRIES);
    if entries.iter().any(too_many) { Err(Fault::DocumentLimits) } else { Ok(document) }
}

fn member<'a>(document: &'a Object, name: &str) -> Result<&'a str, Fault> {
    document.get(name).and_then(Json::as_text).ok_or(Fault::DocumentShape)
}

// An absent list is an empty one; anything else that is no list is a fault.
fn list<'a>(document: &'a Object, name: &str) -> Result<&'a [Json], Fault> {
    document.get(name).map_or(Ok(&[]), |value| value.as_list().ok_or(Fault::DocumentShape))
}

fn methods(document: &Object, id: &str) -> Result<Vec<VerificationMethod>, Fault> {
    list(document, "verificationMethod")?.iter().map(|entry| VerificationMethod::read(entry, id)).collect()
}

/// The methods that a relationship embeds, and the absolute ids of all that it lists.
fn relationship(document: &Object, name: &str, id: &str) -> Result<(Vec<VerificationMethod>, Vec<String>), Fault> {
    let (mut embedded, mut references) = (Vec::new(), Vec::new());
    for entry in list(document, name)? {
        if let Json::Text(reference) = entry {
            references.push(absolute_id(reference, id)?);
        } else {
            let method = VerificationMethod::read(entry, id)?;
            references.push(method.id.clone());
            embedded.push(method);
        }
    }
    Ok((embedded, references))
}

fn services(document: &Object, id: &str) -> Result<Vec<Service>, Fault> {
    let entries = list(document, "service")?.iter();
    entries.map(|entry| entry.as_object().map(|entry| service(entry, id)).ok_or(Fault::DocumentShape)).collect()
}

fn service(entry: &Object, document_id: &str) -> Service {
    let id = entry.get("id").and_then(Json::as_text).unwrap_or_default();
    let texts = |value: Option<&Json>| -> Vec<String> {
        let items = value.map(|value| value.as_list().unwrap_or(std::slice::from_ref(value))).unwrap_or_default();
        items.iter().filter_map(text_or_uri).map(str::to_owned).collect()
    };
    Service {
        id: if id.starts_with('#') { format!("{document_id}{id}") } else { id.to_owned() },
        types: texts(entry.get("type")),
        endpoints: texts(entry.get("serviceEndpoint")),
    }
}

fn text_or_uri(value: &Json) -> Option<&str> {
    value.as_text().or_else(|| value.as_object()?.get("uri")?.as_text())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(more: &str) -> usize {
        let text = format!(r#"{{"id":"did:web:a.example"{more}}}"#);
        let document = DidDocument::parse(text.as_bytes(), &Did::parse("did:web:a.example").unwrap()).unwrap();
        document.weight() - text.len()
    }

    // What the cache counts, so that no document takes more than it is held to.
    #[test]
    fn a_document_weighs_its_text_and_what_was_made_of_it() {
        assert_eq!(weight(""), 0);
        let key = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
        let id = "did:web:a.example#k";
        let method = format!(
            r#"{{"id":"{id}","type":"Multikey","controller":"did:web:a.example","publicKeyMultibase":"{key}"}}"#
        );
        let methods = weight(&format!(r##","verificationMethod":[{method}],"authentication":["#k"]"##));
        assert_eq!(methods, size_of::<VerificationMethod>() + 2 * id.len());
        let service = r##","service":[{"id":"#s","type":["A","BC"],"serviceEndpoint":["https://b.example","urn:c"]}]"##;
        let texts = ["did:web:a.example#s", "A", "BC", "https://b.example", "urn:c"];
        assert_eq!(weight(service), texts.map(|text| text.len() + size_of::<String>()).iter().sum::<usize>());
    }
}
