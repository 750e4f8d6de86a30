"""didshake 1, an example peer: read it beside spec/didshake-1.md; sections in its order, under its names (15 is in bindings.py).
A Fault carries the code of 14.10 and what to send in answer on a stream or WebSocket; alert 49 not before 100 ms have passed
since the message came (R-CHECK-8). Not hardened: Python neither wipes secrets nor computes in constant time (README.md)."""
import base64, calendar, contextlib, datetime, didpeer, functools, hashlib, hmac, json, math, os, re, time
from dataclasses import dataclass, field
from types import SimpleNamespace as Values
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

# 14.9, 14.10 Alerts and the error codes that they belong to; every code that is not listed here has 49
ALERTS = {10: "unexpected_message second_retry record_zeros_only record_unknown_content_type record_after_close "
              "key_update_overdue",
          20: "sealed_part_not_opened record_not_opened", 40: "no_common_suite", 49: "", 70: "unsupported_version", 80: "",
          47: "suite_list_duplicate suite_list_without_group share_invalid retry_suite_not_offered retry_same_group "
              "second_hello_needs_retry reply_suite_not_offered reply_suite_wrong_group",
          50: "message_too_long message_truncated trailing_bytes suite_list_malformed application_protocol_empty extension_order "
              "extension_critical_byte recipient_malformed accept_malformed record_too_long record_content_length",
          110: "unknown_critical_extension", 112: "unknown_recipient", 120: "unknown_application_protocol",
          None: "peer_alert malformed_alert not_a_record truncated"}
ALERT_OF = {code: alert for alert, codes in ALERTS.items() for code in codes.split()}
class Fault(Exception):
    def __init__(self, code, alert=...):
        super().__init__(code)
        self.code, self.alert = code, ALERT_OF.get(code, 49) if alert is ... else alert
        self.answer = [] if self.alert is None else [bytes([ALERT, self.alert])]
def check(good, code):
    if not good: raise Fault(code)
@contextlib.contextmanager
def refusing(error, code):
    try: yield
    except error as cause: raise Fault(code) from cause

# 2 Notation
def u16(n): return n.to_bytes(2, "big")
def vec8(x): return bytes([len(x)]) + x
def vec16(x): return u16(len(x)) + x
def number(x): return int.from_bytes(x, "big")
def H(*parts): return hashlib.sha256(b"".join(parts)).digest()
def Extract(salt, ikm): return hmac.digest(salt, ikm, "sha256")
def Expand(prk, info, length): return HKDFExpand(hashes.SHA256(), length, info).derive(prk)
class Reader:
    def __init__(self, data, truncated, at=0): self.data, self.truncated, self.at = data, truncated, at
    def take(self, n):
        check(self.at + n <= len(self.data), self.truncated); self.at += n
        return self.data[self.at - n:self.at]
    def uint(self, size): return number(self.take(size))
    def vec(self, size): return self.take(self.uint(size))
    def end(self, code="trailing_bytes"): check(self.at == len(self.data), code)

# 3 Messages
HELLO, REPLY, FINISH, ACCEPT, RETRY, ALERT, RECORD = 1, 2, 3, 4, 5, 15, 16
def begin(message, *waited_for, limit=65_535):                      # 3.9: what comes first for every message
    check(len(message) <= limit, "message_too_long"); check(message, "message_truncated")
    if message[0] == ALERT: raise Fault("peer_alert" if len(message) == 2 and message[1] in ALERTS else "malformed_alert")
    check(message[0] in waited_for, "unexpected_message")
    return Reader(message, "message_truncated", at=1)
def read_reply(message):                                            # 3.2, 3.3: Reply, or Retry, which ends with its suite
    r = begin(message, REPLY, RETRY); m = Values(suite=r.uint(2))
    if message[0] == REPLY: m.key_share, m.nonce, m.head, m.sealed = r.vec(2), r.take(32), message[:r.at], r.vec(2)
    r.end()
    return m
def read_sealed(message, waited_for):                               # 3.4, 3.5
    r = begin(message, waited_for); sealed = r.vec(2); r.end()
    return sealed
def write_extensions(entries):                                      # 3.7; entries are (id, critical, body)
    return vec16(b"".join(u16(id) + bytes([critical]) + vec16(body) for id, critical, body in sorted(entries)))
def read_extensions(raw, truncated, order=None, critical_byte=None):    # 3.7; entry by entry, for 10.1 step 10
    r, last = Reader(raw, truncated), -1
    while r.at < len(raw):
        id = r.uint(2); check(id > last, order or truncated); last = id
        critical = r.uint(1); check(critical in (0, 1), critical_byte or truncated)
        yield id, critical, r.vec(2)
def read_hello(message):                                            # 10.1, steps 1 to 12
    r, h = begin(message, HELLO, limit=4_096), Values(recipient=None, unknown_critical=False)
    check(r.uint(1) == 1, "unsupported_version")
    suites = r.vec(1); check(suites and len(suites) % 2 == 0, "suite_list_malformed")
    h.suites = [number(suites[i:i + 2]) for i in range(0, len(suites), 2)]
    h.group, h.key_share, h.nonce, h.application_protocol = r.uint(2), r.vec(2), r.take(32), r.vec(1)
    check(h.application_protocol, "application_protocol_empty")
    for id, critical, body in read_extensions(r.vec(2), "message_truncated", "extension_order", "extension_critical_byte"):
        if id == 1: check(len(body) == 16, "recipient_malformed"); h.recipient = body
        elif critical: h.unknown_critical = True
    r.end()
    return h

# 4 Suites and groups
X25519 = 0x001D
SUITES = {1: (X25519, ChaCha20Poly1305), 2: (X25519, AESGCM)}       # known ones; tests, and only they, add 0xFE01 (R-SUITE-12)
def share_of(secret): return x25519.X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
def DH(secret, share):
    with refusing(ValueError, "share_invalid"):                     # the library refuses other lengths, and a result of zeros
        return x25519.X25519PrivateKey.from_private_bytes(secret).exchange(x25519.X25519PublicKey.from_public_bytes(share))

# 5 Transcript and keys
def th0(binding, prologue): return H(b"didshake/1", bytes([binding]), vec16(prologue))
def handshake_keys(th2, dh):
    hs = Extract(th2, dh)
    return Values(hs=hs, k_reply=Expand(hs, b"didshake/1 reply", 32), k_finish=Expand(hs, b"didshake/1 finish", 32))
def session_keys(hs, th4):
    ms = Extract(th4, Expand(hs, b"didshake/1 derived", 32))
    return Values(ms=ms, k_accept=Expand(ms, b"didshake/1 accept", 32),
                  i2r_0=Expand(ms, b"didshake/1 i2r", 32), r2i_0=Expand(ms, b"didshake/1 r2i", 32),
                  exporter=Expand(ms, b"didshake/1 exporter", 32), session_id=Expand(ms, b"didshake/1 session", 16))
def seal(suite, key, th, plain): return vec16(SUITES[suite][1](key).encrypt(bytes(12), plain, th))  # 5.3: a key seals one message
def open_sealed(suite, key, th, sealed):
    with refusing(InvalidTag, "sealed_part_not_opened"): return SUITES[suite][1](key).decrypt(bytes(12), sealed, th)
def export(exporter, label, context, length):                       # 5.4
    if not (1 <= len(label) <= 255 and len(context) <= 65_535 and 1 <= length <= 8_160): raise ValueError("R-EXP-2")
    return Expand(exporter, b"didshake/1 export" + u16(length) + vec8(label) + vec16(context), length)

# 6.2 Ed25519. The library does steps 2, 4 and 5: S < L, and the encoding of [S]B − [k]A against the bytes of R
p = 2**255 - 19; d = -121665 * pow(121666, -1, p) % p
def y_of(encoded): return int.from_bytes(encoded, "little") % 2**255
def small_order(y): return y * (y*y - 1) * (d * y**4 + 2*y*y - 1) % p == 0  # [8]P is the neutral element: y is 0, ±1, or x² = −y²
def verify_ed25519(A, signature, M):
    check(not small_order(y_of(signature[:32])), "signature_invalid")       # step 3
    with refusing(InvalidSignature, "signature_invalid"): ed25519.Ed25519PublicKey.from_public_bytes(A).verify(signature, M)
P256, ES256 = ec.SECP256R1(), ec.ECDSA(hashes.SHA256(), deterministic_signing=True)             # R-SEC-2
def verify_es256(Q, signature, M):                                  # 6.3: the library checks ranges and equation
    key, r, s = ec.EllipticCurvePublicKey.from_encoded_point(P256, Q), number(signature[:32]), number(signature[32:])
    with refusing(InvalidSignature, "signature_invalid"): key.verify(utils.encode_dss_signature(r, s), M, ES256)
def valid_key(algorithm, raw):                                      # P-256: compressed, or 0x04 ‖ x ‖ y of a JWK
    if algorithm == 1:                                              # step 1; −0 is of small order; x² = (y² − 1)/(d·y² + 1)
        y = y_of(raw); square = pow((y*y - 1) * (d*y*y + 1), (p - 1) // 2, p) == 1
        check(len(raw) == 32 and y < p and square and not small_order(y), "key_invalid")
        return raw
    with refusing(ValueError, "key_invalid"):                       # the library: first byte, x and y below p, on the curve
        Q = ec.EllipticCurvePublicKey.from_encoded_point(P256, raw)
        return Q.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
@dataclass(eq=False)
class Identity:                                                     # one that this peer is configured with
    did: str; fragment: str; algorithm: int; secret_key: bytes = field(repr=False)
    def sign(self, M):
        if self.algorithm == 1: return ed25519.Ed25519PrivateKey.from_private_bytes(self.secret_key).sign(M)
        r, s = utils.decode_dss_signature(ec.derive_private_key(number(self.secret_key), P256).sign(M, ES256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

# 7 Identity, DIDs, extensions. The expressions are for fullmatch
_ID, _PCHAR = r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})", r"(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})"
DID, FRAGMENT = rf"did:[a-z0-9]+:(?:{_ID}|:)*{_ID}", rf"(?:{_PCHAR}|[/?])*"
DID_URL = rf"#{FRAGMENT}|{DID}(?:/{_PCHAR}*)*(?:\?{FRAGMENT})?(?:#{FRAGMENT})?"     # 9.2, with the form `#fragment`
def write_identity(own, extensions, before, after=b""):             # 7.1; in 6.1 M = before ‖ what is the signer's own ‖ after
    head, tail = names(own.did, own.fragment) + bytes([own.algorithm]), write_extensions(extensions)
    identity = head + own.sign(before + head + tail + after) + tail
    return identity + bytes(-len(identity) % 64)                    # 7.3
def read_identity(raw):                                             # 7.4
    r = Reader(raw, "identity_malformed")
    size = r.uint(2); check(size <= 2_048, "did_syntax")
    did = r.take(size).decode("latin-1"); check(re.fullmatch(DID, did), "did_syntax")   # a byte is a character, ASCII matches
    fragment, algorithm = r.vec(1).decode("latin-1"), r.uint(1); check(algorithm in (1, 2), "unknown_algorithm")
    head, signature, extensions = raw[:r.at], r.take(64), r.vec(2)
    critical = [c for _, c, _ in read_extensions(extensions, "identity_extensions")]
    check(raw[r.at:] == bytes(-r.at % 64), "identity_padding")
    check((fragment == "") == (did.split(":")[1] in ("key", "jwk")) and re.fullmatch(FRAGMENT, fragment), "fragment_rule")
    if any(critical): raise Fault("unknown_critical_extension", 49)
    return Values(did=did, fragment=fragment, algorithm=algorithm, signature=signature, signed=head + vec16(extensions))
def names(did, fragment): return vec16(did.encode()) + vec8(fragment.encode())
def recipient(nonce, did): return H(b"didshake/1 recipient", nonce, did.encode())[:16]              # 7.6

# 8 did:key, did:jwk and did:peer. A key is (algorithm, raw); `code` is what it breaks
BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
def base58(text, code, longest=64):
    check(isinstance(text, str) and len(text) <= longest and set(text) <= set(BASE58), code)             # no right key is longer
    n = functools.reduce(lambda n, c: n * 58 + BASE58.index(c), text, 0)
    return bytes(len(text) - len(text.lstrip("1"))) + n.to_bytes((n.bit_length() + 7) // 8, "big")
def multikey(text, code, algorithms=(1, 2)):
    check(isinstance(text, str) and text[:1] == "z", code); raw = base58(text[1:], code)
    algorithm = {(b"\xed\x01", 34): 1, (b"\x80\x24", 35): 2}.get((raw[:2], len(raw))); check(algorithm in algorithms, code)
    return algorithm, raw[2:]
BASE64URL = r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-][AQgw]|[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048])?"     # canonical, unpadded
def from_base64url(text, code):
    check(isinstance(text, str) and re.fullmatch(BASE64URL, text), code)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
def inside(v): return v.values() if isinstance(v, dict) else v if isinstance(v, list) else None
def depth(v): return 0 if inside(v) is None else 1 + max(map(depth, inside(v)), default=0)
def strict_json(raw, code, too_deep):                               # 8.2: one object
    def fail(reason): raise ValueError(reason)
    def double(text): return fail("number") if math.isinf(float(text)) else float(text)
    def members(pairs): return dict(pairs) if len(dict(pairs)) == len(pairs) else fail("duplicate name")
    with refusing(RecursionError, too_deep), refusing(ValueError, code):    # the end of 9.6 allows to stop at a depth
        value = json.loads(raw.decode(), parse_int=double, parse_float=double, parse_constant=fail, object_pairs_hook=members)
        json.dumps(value, ensure_ascii=False).encode()              # half a surrogate pair: UnicodeEncodeError, a ValueError
        check(isinstance(value, dict), code); check(depth(value) <= 16, too_deep)
        return value
def jwk_key(jwk, code):                                             # 8.3
    check(isinstance(jwk, dict) and "d" not in jwk and jwk.get("use", "sig") == "sig", code)
    kinds = {("OKP", "Ed25519"): (1, ("EdDSA", "Ed25519"), "x", b""), ("EC", "P-256"): (2, ("ES256",), "xy", b"\x04")}
    algorithm, algs, coordinates, prefix = kinds.get((str(jwk.get("kty")), str(jwk.get("crv"))), (0, (), "", b""))
    check(algorithm and ("alg" not in jwk or jwk["alg"] in algs), code)
    raw = [from_base64url(jwk.get(name), code) for name in coordinates]
    check(all(len(x) == 32 for x in raw), code)
    return algorithm, prefix + b"".join(raw)
def did_jwk(text, code): return jwk_key(strict_json(from_base64url(text, code), code, code), code)

# 9 DID documents
KEY_MEMBERS = ("publicKeyMultibase", "publicKeyBase58", "publicKeyJwk", "publicKeyHex", "publicKeyPem", "publicKeyBase64",
               "blockchainAccountId", "ethereumAddress")
def raw_ed25519(text, code): raw = base58(text, code); check(len(raw) == 32, code); return 1, raw
KEY_FORMS = {"Multikey": ("publicKeyMultibase", multikey),
             "JsonWebKey": ("publicKeyJwk", jwk_key), "JsonWebKey2020": ("publicKeyJwk", jwk_key),
             "Ed25519VerificationKey2020": ("publicKeyMultibase", lambda text, code: multikey(text, code, (1,))),
             "Ed25519VerificationKey2018": ("publicKeyBase58", raw_ed25519)}        # 9.5
TIME = r"(?a)(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|([+-])([01]\d|2[0-3]):([0-5]\d))"   # ASCII digits
def instant(text):                                                  # 9.4
    m = re.fullmatch(TIME, text) if isinstance(text, str) else None; check(m, "method_time")
    year, *rest = map(int, m.groups()[:6])
    with refusing(ValueError, "method_time"): moment = datetime.datetime(2000 + year % 400, *rest)  # datetime has no year 0
    offset = (int(m[8] or 0) * 60 + int(m[9] or 0)) * (-60 if m[7] == "-" else 60)
    return calendar.timegm(moment.timetuple()) + (year // 400 - 5) * 146_097 * 86_400 - offset     # 400 years: 146,097 days
def document_key(did, fragment, text, deactivated, now):            # 9.6, steps 4 to 17
    check(len(text) <= 65_536, "document_limits")
    return method_key(did, fragment, strict_json(text, "document_json", "document_limits"), deactivated, now)
def method_key(did, fragment, doc, deactivated, now):               # from step 6 on
    arrays = methods, authentication, services = [doc.get(x, []) for x in ("verificationMethod", "authentication", "service")]
    check(depth(doc) <= 16 and all(len(a) <= 64 for a in arrays if isinstance(a, list)), "document_limits")
    def texts(x, *names): return isinstance(x, dict) and all(isinstance(x.get(name), str) for name in names)
    def url(x): return isinstance(x, str) and re.fullmatch(DID_URL, x)
    def method(x): return texts(x, "id", "type", "controller") and url(x["id"])
    def absolute(x): return doc["id"] + x if x[0] == "#" else x     # 9.3
    check(texts(doc, "id") and all(isinstance(a, list) for a in arrays) and all(map(method, methods))
          and all(url(x) or method(x) for x in authentication) and all(isinstance(x, dict) for x in services), "document_shape")
    methods = [(absolute(x["id"]), x) for x in methods + authentication if isinstance(x, dict)]
    check(len(dict(methods)) == len(methods), "document_duplicate_id")
    check(doc["id"] == did, "document_id_mismatch"); check(not deactivated, "did_deactivated")
    name, named = f"{did}#{fragment}", dict(methods).get(f"{did}#{fragment}"); check(named, "method_absent")
    check(name in [absolute(x if isinstance(x, str) else x["id"]) for x in authentication], "method_not_authentication")
    check(named["controller"] == did, "method_controller")
    revoked, expires = [instant(named[x]) if x in named else math.inf for x in ("revoked", "expires")]
    check(now < revoked, "method_revoked"); check(now < expires, "method_expired")
    member, read = KEY_FORMS.get(named["type"], (None, None))
    check([x for x in KEY_MEMBERS if x in named] == [member], "method_key_form")
    return read(named[member], "method_key_form")

# 10 The handshake, 11 The eight checks
@dataclass(frozen=True)
class VerifiedPeer: did: str; fragment: str; algorithm: int; public_key: bytes     # R-CHECK-6
@dataclass(eq=False)
class Peer:                                                         # the configuration of a peer, in either role
    identities: list                                                # an initiator is the first
    admit: object                                                   # the DID that is meant, or a function of a DID (R-INIT-1)
    policy: object = lambda verified_peer: True
    suites: tuple = (1, 2); binding: int = 1; prologue: bytes = b""; endpoint: str = ""
    application_protocol: str = "didshake.login/1"; first_group: int = X25519; recipient: bool = False  # initiator; R-EXT-8
    application_protocols: tuple = ("didshake.login/1",); default_identity: int = 0; lifetime: int = 3_600  # responder
    hello_extensions: tuple = (); reply_extensions: tuple = (); finish_extensions: tuple = (); accept_extensions: tuple = ()
    resolvers: dict = field(default_factory=dict)                   # 9.1: method → function: DID → (text, deactivated) or None
    clock: object = lambda: int(time.time()); random: object = os.urandom
    waiting: dict = field(default_factory=dict, repr=False)         # 10.6: the waiting states by their random names, in memory
    burned: dict = field(default_factory=dict, repr=False)          # th3 → until when (R-STATE-7)
def resolve(claim, resolvers, now):                                 # checks 4 and 5: (algorithm, public key)
    _, method, specific = claim.did.split(":", 2)
    if method == "key": algorithm, raw = multikey(specific, "did_key_malformed")
    elif method == "jwk": algorithm, raw = did_jwk(specific, "did_jwk_malformed")
    elif method == "peer":
        algorithm, raw = method_key(claim.did, claim.fragment, didpeer.document(claim.did, "did_peer_malformed"), False, now)
    else:
        check(method in resolvers, "did_method_unsupported")
        with refusing(Exception, "did_resolution_failed"): found = resolvers[method](claim.did)
        check(found, "did_not_found"); algorithm, raw = document_key(claim.did, claim.fragment, *found, now)
    return algorithm, valid_key(algorithm, raw)
def verify(peer, now, raw, before, after=b""):                      # checks 1 to 7
    claim = read_identity(raw)                                      # 1
    check(claim.did not in [own.did for own in peer.identities], "own_did")     # 2
    check(didpeer.means(peer.admit, claim.did) if isinstance(peer.admit, str) else peer.admit(claim.did), "not_admitted")    # 3
    algorithm, key = resolve(claim, peer.resolvers, now); check(claim.algorithm == algorithm, "algorithm_mismatch")   # 4, 5
    (verify_ed25519 if algorithm == 1 else verify_es256)(key, claim.signature, before + claim.signed + after)   # 6
    verified = VerifiedPeer(claim.did, claim.fragment, algorithm, key); check(peer.policy(verified), "policy_refused")  # 7
    return verified
class State:                                                        # of 10.4; its transition consumes it, also when it fails
    def __init__(self, **values): self.__dict__ = values
    def consume(self):
        values, self.__dict__ = self.__dict__, {}
        if not values: raise RuntimeError("this state is consumed")
        return Values(**values)
def start(peer, group=None, retried=False):                         # initiator: (WaitReply, Hello)
    if peer.admit is None or peer.recipient and not isinstance(peer.admit, str): raise ValueError("R-INIT-1, R-EXT-6")
    group, secret, nonce = group or peer.first_group, peer.random(32), peer.random(32)
    extensions = [*peer.hello_extensions] + ([(1, 1, recipient(nonce, peer.admit))] if peer.recipient else [])
    hello = (bytes([HELLO, 1]) + vec8(b"".join(map(u16, peer.suites))) + u16(group) + vec16(share_of(secret)) + nonce
             + vec8(peer.application_protocol.encode()) + write_extensions(extensions))
    th1 = H(th0(peer.binding, peer.prologue), hello)                # after a Retry too: R-SCHED-6
    return WaitReply(peer=peer, secret=secret, group=group, th1=th1, retried=retried), hello
class WaitReply(State):                                             # 10.2: (WaitAccept, Finish), or (WaitReply, the second Hello)
    def receive(self, message):
        s, m = self.consume(), read_reply(message)
        offered, group = m.suite in s.peer.suites, SUITES.get(m.suite, (None,))[0]
        if message[0] == RETRY:
            check(not s.retried, "second_retry"); check(offered, "retry_suite_not_offered")
            check(group != s.group, "retry_same_group"); return start(s.peer, group, retried=True)
        check(offered, "reply_suite_not_offered"); check(group == s.group, "reply_suite_wrong_group")
        th2 = H(s.th1, m.head); keys = handshake_keys(th2, DH(s.secret, m.key_share))
        opened = open_sealed(m.suite, keys.k_reply, th2, m.sealed)
        responder = verify(s.peer, s.peer.clock(), opened, b"didshake/1 responder\0" + th2)
        th3 = H(th2, vec16(opened))
        identity = write_identity(s.peer.identities[0], s.peer.finish_extensions, b"didshake/1 initiator\0" + th3,
                                  names(responder.did, responder.fragment))
        th4 = H(th3, vec16(identity))
        state = WaitAccept(suite=m.suite, th4=th4, keys=session_keys(keys.hs, th4), responder=responder, peer=s.peer)
        return state, bytes([FINISH]) + seal(m.suite, keys.k_finish, th3, identity)
class WaitAccept(State):                                            # 10.2: (Channel, None)
    def receive(self, message):
        s, sealed = self.consume(), read_sealed(message, ACCEPT)
        plain = Reader(open_sealed(s.suite, s.keys.k_accept, s.th4, sealed), "accept_malformed")
        channel = Channel(s.suite, s.keys, s.keys.i2r_0, s.keys.r2i_0, s.responder, s.peer.application_protocol)
        try:
            channel.lifetime, extensions = plain.uint(4), plain.vec(2); plain.end("accept_malformed")
            check(not any([c for _, c, _ in read_extensions(extensions, "accept_malformed")]), "unknown_critical_extension")
        except Fault as fault: channel.refuse(fault); raise         # R-INIT-9
        return channel, None
class WaitHello(State):                                             # responder: (WaitFinish, Reply), or (WaitHello, Retry)
    def receive(self, message):
        s, h = self.consume(), read_hello(message)
        peer, own = s.peer, s.peer.identities[s.peer.default_identity]
        check(len(set(h.suites)) == len(h.suites), "suite_list_duplicate")
        check(any(x not in SUITES or SUITES[x][0] == h.group for x in h.suites), "suite_list_without_group")
        check(not h.unknown_critical, "unknown_critical_extension")
        suite = next((x for x in peer.suites if x in h.suites), None); check(suite, "no_common_suite")      # R-SUITE-8
        check(h.application_protocol in [x.encode() for x in peer.application_protocols], "unknown_application_protocol")
        if h.recipient is not None: own = next((x for x in peer.identities if recipient(h.nonce, x.did) == h.recipient), None)
        check(own, "unknown_recipient")
        if SUITES[suite][0] != h.group:
            check(not getattr(s, "retried", False), "second_hello_needs_retry")
            return WaitHello(peer=peer, retried=peer.binding != 3), bytes([RETRY]) + u16(suite)     # HTTP: R-RETRY-7
        secret, nonce, name, now = peer.random(32), peer.random(32), os.urandom(16), peer.clock()
        head = bytes([REPLY]) + u16(suite) + vec16(share_of(secret)) + nonce
        th2 = H(H(th0(peer.binding, peer.prologue), message), head)
        keys = handshake_keys(th2, DH(secret, h.key_share))
        identity = write_identity(own, peer.reply_extensions, b"didshake/1 responder\0" + th2)
        for store in (peer.waiting, peer.burned):                   # forget what is long over
            for key in [k for k, v in list(store.items()) if v.expires + 60 < now]: store.pop(key, None)
        peer.waiting[name] = Values(hs=keys.hs, k_finish=keys.k_finish, th3=H(th2, vec16(identity)), own=own, suite=suite,
                                    application_protocol=h.application_protocol.decode(), expires=now + 60,
                                    place=(peer.binding, peer.prologue, peer.endpoint))
        return WaitFinish(peer=peer, name=name), head + seal(suite, keys.k_reply, th2, identity)
class WaitFinish(State):                                            # 10.3: (Channel, Accept)
    def receive(self, message):                                     # a bad Finish leaves peer.waiting[name] as it is (R-STATE-6)
        s, sealed = self.consume(), read_sealed(message, FINISH)
        peer, w, now = s.peer, s.peer.waiting.get(s.name), s.peer.clock()
        check(w and w.place == (peer.binding, peer.prologue, peer.endpoint) and w.own in peer.identities, "waiting_state_invalid")
        check(now < w.expires, "waiting_state_expired")
        opened = open_sealed(w.suite, w.k_finish, w.th3, sealed)
        initiator = verify(peer, now, opened, b"didshake/1 initiator\0" + w.th3, names(w.own.did, w.own.fragment))
        mine = Values(expires=w.expires)                            # check 8; setdefault is atomic
        check(peer.burned.setdefault(w.th3, mine) is mine, "finish_replayed")
        th4 = H(w.th3, vec16(opened))
        keys, w.hs = session_keys(w.hs, th4), None                  # what is left of w serves finish_replayed
        plain = peer.lifetime.to_bytes(4, "big") + write_extensions(peer.accept_extensions)
        channel = Channel(w.suite, keys, keys.r2i_0, keys.i2r_0, initiator, w.application_protocol, peer.lifetime)
        return channel, bytes([ACCEPT]) + seal(w.suite, keys.k_accept, th4, plain)

# 12 The channel
DATA, CLOSE, KEY_UPDATE, ALERT_RECORD = 1, 2, 3, 4                  # 14.8
class Direction:                                                    # 12.2
    def __init__(self, suite, secret): self.suite, self.sequence, self.closed = suite, 0, False; self.use(secret)
    def use(self, secret):                                          # count: the records under this secret
        self.secret, self.count, self.aead = secret, 0, SUITES[self.suite][1](Expand(secret, b"didshake/1 key", 32))
        self.iv = number(Expand(secret, b"didshake/1 iv", 12))
    def nonce(self): return (self.iv ^ self.sequence).to_bytes(12, "big")
    def advance(self, content_type):
        self.sequence, self.count, self.closed = self.sequence + 1, self.count + 1, content_type == CLOSE
        if content_type == KEY_UPDATE: self.use(Expand(self.secret, b"didshake/1 update", 32))
class Channel:                                                      # what stands after the handshake; for an ordered transport
    def __init__(self, suite, keys, send_secret, receive_secret, peer, application_protocol, lifetime=0):
        self.peer, self.application_protocol, self.lifetime, self.over = peer, application_protocol, lifetime, False
        self.suite, self.session_id, self.exporter = suite, keys.session_id, keys.exporter
        self.out, self.into = Direction(suite, send_secret), Direction(suite, receive_secret)
    def export(self, label, context, length): return export(self.exporter, label, context, length)
    def send(self, content_type, content=b"", padding=0):           # the records to send: one, or two (12.3: a key_update first)
        out, records = self.out, []
        if self.over or out.closed or out.sequence >= 2**64: raise RuntimeError("nothing more can be sent (R-CHAN-3)")
        if len(content) + padding > 65_535: raise ValueError("R-CHAN-4")
        if out.count == 2**20 - 1 and content_type != KEY_UPDATE: records = self.send(KEY_UPDATE)
        records.append(b"\x10" + out.aead.encrypt(out.nonce(), content + bytes([content_type]) + bytes(padding), b"\x10"))
        out.advance(content_type); self.over = content_type == ALERT_RECORD
        return records
    def refuse(self, fault):                                        # 12.6
        if self.over: fault.alert = None
        silent = fault.alert is None or self.out.closed
        fault.answer, self.over = [] if silent else self.send(ALERT_RECORD, bytes([fault.alert])), True
    def receive(self, record):                                      # (content type, content)
        try: return self.judge(record)
        except Fault as fault: self.refuse(fault); raise
    def judge(self, record):                                        # 12.5
        into = self.into
        check(len(record) <= 65_553, "record_too_long"); check(record[:1] == b"\x10", "not_a_record")
        check(not into.closed and not self.over, "record_after_close")
        with refusing(InvalidTag, "record_not_opened"): inner = into.aead.decrypt(into.nonce(), record[1:], b"\x10").rstrip(b"\0")
        check(inner, "record_zeros_only")
        content, content_type = inner[:-1], inner[-1]
        check(content_type in (DATA, CLOSE, KEY_UPDATE, ALERT_RECORD), "record_unknown_content_type")
        check(content_type == KEY_UPDATE or into.count < 2**20 - 1, "key_update_overdue")
        check(content_type == DATA or len(content) == (content_type == ALERT_RECORD), "record_content_length")
        into.advance(content_type)
        if content_type == ALERT_RECORD: raise Fault("peer_alert" if content[0] in ALERTS else "malformed_alert")
        return content_type, content
    def transport_ended(self): check(self.into.closed or self.over, "truncated")    # R-CHAN-15
