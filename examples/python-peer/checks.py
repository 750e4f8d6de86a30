"""The kinds of `check` of the conformance shim, for tier 1 (spec/conformance.md): each takes a request's members."""
import itertools
import bindings, didshake as d, mailbox as m
unhex = bytes.fromhex
def fetched(x): return None if x.text is None else (x.text.encode(), x.deactivated)     # a document, or None: it is missing
def decode(q):
    if q.message in ("finish", "accept"): return {"sealed": d.read_sealed(unhex(q.wire), getattr(d, q.message.upper()))}
    return vars(d.read_hello(unhex(q.wire)) if q.message == "hello" else d.read_reply(unhex(q.wire)))
def document(q):
    algorithm, public_key = d.resolve(q, {"web": lambda did: fetched(q)}, q.now)
    return {"algorithm": algorithm, "public_key": public_key}
def schedule(q):
    parts = [d.th0(q.binding, unhex(q.prologue)), unhex(q.hello), d.read_reply(unhex(q.reply)).head,
             *(d.vec16(unhex(identity)) for identity in (q.reply_identity, q.finish_identity))]
    *_, th2, th3, th4 = itertools.accumulate(parts, d.H)
    keys = d.handshake_keys(th2, unhex(q.dh))
    return {"th2": th2, "th3": th3, "th4": th4, **vars(keys), **vars(d.session_keys(keys.hs, th4))}
def ed25519(q):
    try: d.verify_ed25519(d.valid_key(1, unhex(q.public_key)), unhex(q.signature), unhex(q.message))
    except d.Fault: return {"valid": False}
    return {"valid": True}
def request(q):
    s, r = q.service, q.request
    def b64(text): return bindings.to_base64url(unhex(text))
    sessions = {b64(x.id): bindings.Session(unhex(x.id), x.origin, bindings.request_key(unhex(x.exporter)), x.accepted,
                                            x.lifetime, x.used) for x in s.sessions}
    burned = {(b64(x.session_id), b64(x.nonce)): x for x in s.burned}
    fields = {"Content-Digest": r.content_digest, "Signature-Input": r.signature_input, "Signature": r.signature}
    bindings.take_request(sessions, burned, s.origin, s.now, r.method, r.path, r.query, unhex(r.body), fields)
    return dict(zip(("keyid", "nonce"), list(burned)[-1]))              # what it has burned
# mailbox-1: `check` of what is read, and `make`
def web(view): return {"web": lambda did: fetched(view.documents[did])}
def own(x): return d.Identity(x.did, x.fragment, x.algorithm, unhex(x.signing_key))
def mailbox_key(q):
    key = m.verify_key(unhex(q.mailbox_key), q.view.means, q.view.now, web(q.view))
    return {"did": key.owner.did, "public_key": key.public, "key_id": key.id, "ends": key.ends}
def letter(q):
    def admit(did): return q.view.admits is None or did in q.view.admits
    keys = [(unhex(q.owner.mailbox_secret), unhex(q.mailbox_key))]
    x = m.open_envelope(unhex(q.envelope), keys, admit, q.view.now, web(q.view))
    author = {name: getattr(x.sender, name) for name in ("did", "fragment", "algorithm")}
    return author | {name: value for name, value in vars(x).items() if name != "sender"}
def make_mailbox_key(q):
    x = q.owner
    return {"mailbox_key": m.make_key(own(x), x.begins, x.ends - x.begins, unhex(x.mailbox_secret))[1]}
def make_letter(q):
    x, view = q.sender, q.view
    key = m.verify_key(unhex(q.mailbox_key), view.means, view.now, web(view))
    drawn = [unhex(given) if given else None for given in (x.message_id, x.ephemeral_ikm)]
    made = m.seal_letter(own(x), key, x.content_type, unhex(x.content), view.now, x.expires - x.sent, x.sent, *drawn)
    return {"envelope": made.envelope}
CHECKS = {check.__name__: check for check in (decode, document, schedule, ed25519, request)}
KINDS = {"check": CHECKS | {"mailbox_key": mailbox_key, "letter": letter}, "make": {"mailbox_key": make_mailbox_key, "letter": make_letter}}
