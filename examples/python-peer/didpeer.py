"""8.5 of spec/didshake-1.md: did:peer, forms 2 and 4; from the DID to the document that it carries. `code` is what a malformed one breaks."""
import re
import didshake as d

B58, PURPOSES = "[1-9A-HJ-NP-Za-km-z]", {"A": "assertionMethod", "D": "capabilityDelegation", "E": "keyAgreement",
                                         "I": "capabilityInvocation", "V": "authentication"}
WRITTEN_OUT = {"t": "type", "s": "serviceEndpoint", "r": "routingKeys", "a": "accept"}


def document(did, code):
    specific = did.removeprefix("did:peer:")
    d.check(specific[:1] in ("2", "4"), "did_method_unsupported")
    return (form_2 if specific[0] == "2" else form_4)(did, specific[1:], code)


def means(said, did):                                      # R-DID-21: `said` is the DID, or its short form
    return said == did or bool(re.fullmatch("did:peer:4[^:]*", said)) and did.startswith(said + ":")


def form_2(did, elements, code):
    d.check(elements[:1] == ".", code)
    doc = {"id": did, "verificationMethod": [], "service": []}
    for element in elements[1:].split("."):
        if element[:1] == "S":
            doc["service"].append(written_out(d.strict_json(d.from_base64url(element[1:], code), code, code), code))
            continue
        d.check(re.fullmatch(rf"[{''.join(PURPOSES)}]z{B58}+", element), code)
        name = f"#key-{len(doc['verificationMethod']) + 1}"
        doc["verificationMethod"].append({"id": name, "type": "Multikey", "controller": did, "publicKeyMultibase": element[1:]})
        doc.setdefault(PURPOSES[element[0]], []).append(name)
    for n, service in enumerate(x for x in doc["service"] if "id" not in x):
        service["id"] = f"#service-{n}" if n else "#service"
    d.check(all(isinstance(x["id"], str) for x in doc["service"]), code)
    return with_ids(doc, code)


def written_out(x, code):                                  # at every depth
    if isinstance(x, list):
        return [written_out(y, code) for y in x]
    if not isinstance(x, dict):
        return x
    out = {WRITTEN_OUT.get(name, name): written_out(value, code) for name, value in x.items()}
    d.check(len(out) == len(x), code)
    return out | ({"type": "DIDCommMessaging"} if out.get("type") == "dm" else {})


def form_4(did, parts, code):
    def decoded(text, prefix):
        d.check(text[:1] == "z", code)
        raw = d.base58(text[1:], code, 2_048)
        d.check(raw.startswith(prefix), code)
        return raw[2:]
    hash_, colon, encoded = parts.partition(":")
    digest = decoded(hash_, b"\x12\x20")
    d.check(len(digest) == 32, code)
    d.check(colon, "did_not_found")                        # a short form
    d.check(digest == d.H(encoded.encode()), code)
    doc = d.strict_json(decoded(encoded, b"\x80\x04"), code, code)
    d.check("id" not in doc and isinstance(doc.get("alsoKnownAs", []), list), code)
    with_ids(doc, code)
    for name in ("verificationMethod", "authentication"):
        if isinstance(doc.get(name), list):
            doc[name] = [{"controller": did} | x if isinstance(x, dict) else x for x in doc[name]]
    return doc | {"id": did}


def with_ids(doc, code):                                   # the rule for ids
    def ids(name):
        entries = doc.get(name)
        found = [x.get("id") for x in entries if isinstance(x, dict)] if isinstance(entries, list) else []
        return [x for x in found if isinstance(x, str)]
    methods, services = {*ids("verificationMethod"), *ids("authentication")}, ids("service")
    d.check(all(re.fullmatch(rf"#{d.FRAGMENT}", x) for x in (*methods, *services)), code)
    d.check(len({*methods, *services}) == len(methods) + len(services), code)
    return doc
