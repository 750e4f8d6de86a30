"""Letters to somebody who is away: spec/mailbox-1.md (keys, envelopes) and spec/relay-1.md (the relay that keeps them), over didshake.py.
python mailbox.py open URL --expect DID --key FILE --store FILE > LINK            a mailbox at this relay, and a link for one contact
python mailbox.py send LINK TEXT --key FILE                                       leaves a letter; the relay does not learn whose
python mailbox.py read URL --expect DID --key FILE --store FILE --admit DID       takes what waits, one JSON object a line"""
import argparse, functools, http.client, json, os, pathlib, re, sys, time
from cryptography.exceptions import InvalidTag
from bindings import has_type, http_request, login, origin_of, to_base64url
from didshake import (DH, DID, FRAGMENT, ChaCha20Poly1305, Expand, Extract, Fault, H, Reader, Values, VerifiedPeer, check, from_base64url, names,
                      refusing, resolve, share_of, strict_json, u16, vec16, verify_ed25519, verify_es256)
from login import endpoint_of, new_identity

# mailbox-1. A Fault has a code of its sections 2 and 3.2, or of 14.10; nothing is ever answered
SKEW, LETTER_LIFE, KEY_LIFE, GRACE = 60, 2_592_000, 7_776_000, 2_592_060
CLASSES = [512 << i for i in range(9)]
def u64(n): return n.to_bytes(8, "big")
def unanswered(function):
    @functools.wraps(function)
    def wrapped(*args, **options):
        try: return function(*args, **options)
        except Fault as fault: fault.alert, fault.answer = None, []; raise
    return wrapped
def author(own): return names(own.did, own.fragment) + bytes([own.algorithm])
def read_author(r):                                                 # each field is checked where it stands
    size = r.uint(2); check(size <= 2_048, "did_syntax")
    did = r.take(size).decode("latin-1"); check(re.fullmatch(DID, did), "did_syntax")
    fragment = r.vec(1).decode("latin-1")
    check((fragment == "") == (did.split(":")[1] in ("key", "jwk")) and re.fullmatch(FRAGMENT, fragment), "fragment_rule")
    algorithm = r.uint(1); check(algorithm in (1, 2), "unknown_algorithm")
    return Values(did=did, fragment=fragment, algorithm=algorithm, signature=r.take(64))
def verify_author(a, message, now, resolvers):                      # checks 4 to 6 of didshake-1, section 11
    algorithm, key = resolve(a, resolvers, now); check(a.algorithm == algorithm, "algorithm_mismatch")
    (verify_ed25519 if algorithm == 1 else verify_es256)(key, a.signature, message)
    return VerifiedPeer(a.did, a.fragment, algorithm, key)

# 2 The mailbox key
def make_key(own, begins, lifetime=2_592_000, secret=None):         # (secret, mailbox key)
    if not 1 <= lifetime <= KEY_LIFE: raise ValueError("R-MBOX-1")
    secret = secret or os.urandom(32)
    head = bytes([32, 1]) + share_of(secret) + u64(begins) + u64(begins + lifetime) + author(own)
    return secret, head + own.sign(b"didshake/1 mailbox key\0" + head)
@unanswered
def read_key(raw):                                                  # form and period
    r = Reader(raw, "mailbox_key_malformed")
    check(r.uint(1) == 32 and r.uint(1) == 1, "mailbox_key_malformed")
    key = Values(public=r.take(32), begins=r.uint(8), ends=r.uint(8), owner=read_author(r), signed=raw[:-64]); r.end("mailbox_key_malformed")
    check(0 < key.ends - key.begins <= KEY_LIFE, "mailbox_key_period")
    key.id = H(b"didshake/1 mailbox key id", key.public)[:16]
    return key
@unanswered
def verify_key(raw, meant, now, resolvers={}):                      # the checks of a sender
    key = read_key(raw)
    check(key.begins <= now + SKEW and now < key.ends, "mailbox_key_time"); check(key.owner.did == meant, "not_admitted")
    verify_author(key.owner, b"didshake/1 mailbox key\0" + key.signed, now, resolvers)
    return key

# 3 The envelope. HPKE of RFC 9180 in base mode, its sections 4, 5.1 and 7.1.3
KEM, SUITE = b"KEM" + u16(0x20), b"HPKE" + u16(0x20) + u16(1) + u16(3)
def extract(suite, salt, label, ikm): return Extract(salt, b"HPKE-v1" + suite + label + ikm)
def expand(suite, prk, label, info, size): return Expand(prk, u16(size) + b"HPKE-v1" + suite + label + info, size)
def derive_secret(ikm): return expand(KEM, extract(KEM, b"", b"dkp_prk", ikm), b"sk", b"", 32)
def context(secret, other, enc, recipient):                         # (AEAD, nonce) of the one message
    shared = expand(KEM, extract(KEM, b"", b"eae_prk", DH(secret, other)), b"shared_secret", enc + recipient, 32)
    both = b"\0" + extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", b"didshake/1 envelope")
    prk = extract(SUITE, shared, b"secret", b"")
    return ChaCha20Poly1305(expand(SUITE, prk, b"key", both, 32)), expand(SUITE, prk, b"base_nonce", both, 12)
def signed_letter(head, key, enc, body):
    return b"didshake/1 envelope\0" + head + vec16(key.owner.did.encode()) + key.public + enc + body
@unanswered
def seal_letter(own, key, content_type, content, now, lifetime=604_800, sent=None, message_id=None, ikm=None):
    sent, message_id = now if sent is None else sent, message_id or os.urandom(16)
    good = 1 <= lifetime <= LETTER_LIFE and re.fullmatch("[!-~]{1,255}", content_type) and len(content) <= 65_536
    if not good: raise ValueError("R-MBOX-3")
    check(key.begins <= now + SKEW and now < key.ends, "mailbox_key_time")
    secret = derive_secret(ikm or os.urandom(32)); enc = share_of(secret)
    with refusing(Fault, "key_invalid"): aead, nonce = context(secret, key.public, enc, key.public)     # a result of zeros
    body = (message_id + u64(sent) + u64(sent + lifetime) + bytes([len(content_type)]) + content_type.encode()
            + len(content).to_bytes(4, "big") + content)
    letter = author(own) + own.sign(signed_letter(author(own), key, enc, body)) + body
    letter += bytes(min(size for size in CLASSES if size >= len(letter)) - len(letter))
    head = bytes([33, 1]) + key.id
    return Values(envelope=head + enc + aead.encrypt(nonce, letter, head), message_id=message_id, expires=sent + lifetime)
def read_letter(letter):                                            # step 4
    r = Reader(letter, "letter_malformed"); a = read_author(r); start = r.at
    body = Values(message_id=r.take(16), sent=r.uint(8), expires=r.uint(8), content_type=r.vec(1).decode("latin-1"))
    check(re.fullmatch("[!-~]{1,255}", body.content_type), "letter_malformed")
    size = r.uint(4); check(size <= 65_536, "letter_malformed")
    body.content = r.take(size)
    smallest = min(size for size in CLASSES if size >= r.at)
    check(len(letter) == smallest and not any(letter[r.at:]), "letter_malformed")
    return a, letter[start:r.at], body
@unanswered
def open_envelope(envelope, keys, admit, now, resolvers={}):        # 3.2; keys are (secret, mailbox key); admit is a function of a DID
    check(len(envelope) - 66 in CLASSES and envelope[:2] == bytes([33, 1]), "envelope_malformed")
    head, enc = envelope[:18], envelope[18:50]
    known = [(secret, key) for secret, key in ((secret, read_key(raw)) for secret, raw in keys) if key.id == head[2:] and now < key.ends + GRACE]
    check(known, "envelope_key_unknown"); (secret, key), = known
    with refusing((Fault, InvalidTag), "envelope_not_opened"):
        aead, nonce = context(secret, enc, enc, key.public)
        letter = aead.decrypt(nonce, envelope[50:], head)
    a, raw, body = read_letter(letter)
    check(body.sent < body.expires <= body.sent + LETTER_LIFE and body.sent <= now + SKEW, "letter_time")
    check(now < body.expires, "letter_expired"); check(admit(a.did), "not_admitted")
    body.sender = verify_author(a, signed_letter(author(a), key, enc, raw), now, resolvers)
    return body

# relay-1. A refusal has the code of its section 7; each request has a connection of its own (R-RLY-8)
class Refused(ConnectionError):
    def __init__(self, status, code): super().__init__(f"the relay refuses: {code}, status {status}"); self.code = code
def ask(method, url, headers, body=b"", wanted="application/json", limit=65_536, seconds=30):
    status, fields, answer = http_request(method, url, headers, body or None, time.monotonic() + seconds, limit)
    if status not in (200, 201, 204):
        problem = has_type(fields, "application/problem+json") and strict_json(answer, "problem", "problem")
        raise Refused(status, problem and problem.get("code"))
    if status == 204 or wanted is None: return None
    if len(answer) > limit or not has_type(fields, wanted): raise ConnectionError(f"no {wanted}")
    return strict_json(answer, "answer", "answer") if wanted == "application/json" else answer
def name_of(envelope): return to_base64url(H(b"didshake/1 deposit", envelope)[:16])
def token_hash(token): return to_base64url(H(b"didshake/1 deposit token", from_base64url(token, "token")))
class Owner:                                                        # 3: signed requests of a session
    def __init__(self, url, own, expect): self.session = login(endpoint_of(url), own, expect)
    def ask(self, method, path, query=None, body=b"", kind="application/json", **options):
        fields = self.session.sign(method, path, query, body) | ({"Content-Type": kind} if body else {})
        return ask(method, self.session.origin + path + (f"?{query}" if query else ""), fields, body, **options)
    def open(self):                                                 # it sends those who write to us to itself
        mailbox = self.ask("PUT", "/v1/mailbox")
        if origin_of(mailbox["url"]) != self.session.origin: raise ConnectionError("a mailbox elsewhere")
        return mailbox
    def publish(self, key): self.ask("PUT", "/v1/mailbox/key", body=key, kind="application/didshake-mailbox-key")
    def let_in(self, token, expires=None, waiting=None, bytes=None):
        limits = json.dumps({"expires": expires, "waiting": waiting, "bytes": bytes}).encode()
        self.ask("PUT", f"/v1/mailbox/tokens/{token_hash(token)}", body=limits, wanted=None)
    def revoke(self, token): self.ask("DELETE", f"/v1/mailbox/tokens/{token_hash(token)}")
    def deposits(self, after=0, wait=0):                            # [(sequence, envelope)]
        listed = self.ask("GET", "/v1/mailbox/deposits", f"after={after}&wait={wait}", limit=2_097_152, seconds=30 + wait)["deposits"]
        numbers = [after] + [int(x["sequence"]) for x in listed]    # what is behind us again would have no end
        if any(a >= b for a, b in zip(numbers, numbers[1:])): raise ConnectionError("deposits that do not ascend")
        return [(int(x["sequence"]), from_base64url(x["envelope"], "answer")) for x in listed]
    def answer(self, taken, refused):
        if taken or refused: self.ask("POST", "/v1/mailbox/answers", body=json.dumps({"taken": taken, "refused": refused}).encode())
class Depositor:                                                    # 4: says nothing of who it is
    def __init__(self, mailbox, token, did):
        good = mailbox.startswith(("https://", "http://127.", "http://[::1]")) and re.fullmatch(r"/m/[\w-]{22}", mailbox[len(origin_of(mailbox)):])
        if not good: raise ValueError("no mailbox URL")
        self.url, self.headers, self.did = mailbox, {"Authorization": f"DIDShake-Deposit {token}"}, did
    def key(self, now, resolvers={}):
        kind = "application/didshake-mailbox-key"
        return verify_key(ask("GET", self.url + "/key", self.headers, wanted=kind, limit=2_421), self.did, now, resolvers)
    def deposit(self, *letters):                                    # [(deposit, state)]; without an answer: again, the same ones
        body = b"".join(u64(x.expires) + len(x.envelope).to_bytes(4, "big") + x.envelope for x in letters)
        answer = ask("POST", self.url, self.headers | {"Content-Type": "application/didshake-envelopes"}, body)
        return self.told(answer, [name_of(x.envelope) for x in letters])
    def states(self, *deposits):
        body = json.dumps({"deposits": deposits}).encode()
        return self.told(ask("POST", self.url + "/states", self.headers | {"Content-Type": "application/json"}, body), [*deposits])
    def told(self, answer, asked):
        if [x["deposit"] for x in answer["deposits"]] != asked: raise ConnectionError("an answer to something else")
        return [(x["deposit"], x["state"]) for x in answer["deposits"]]
class Store:                                                        # one JSON file: keys with their secrets, letters, whom they are from
    def __init__(self, path):
        self.path, self.keys, self.letters = path, [], {}
        if os.path.exists(path): self.__dict__.update(json.loads(pathlib.Path(path).read_text()))
    def save(self):                                                 # whole, and on the disk, before anything depends on it
        with open(os.open(self.path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({"keys": self.keys, "letters": self.letters}, file); file.flush(); os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)
        folder = os.open(os.path.dirname(self.path) or ".", os.O_RDONLY)
        try: os.fsync(folder)
        finally: os.close(folder)
    def pairs(self): return [(bytes.fromhex(secret), bytes.fromhex(key)) for secret, key in self.keys]
    def renew(self, owner, own, now):                               # R-RLY-10, R-MBOX-6
        self.keys = [x for x, (_, key) in zip(self.keys, self.pairs()) if now < read_key(key).ends + GRACE]
        if not any(now + KEY_LIFE // 6 < read_key(key).ends for _, key in self.pairs()): self.keys.append([x.hex() for x in make_key(own, now)])
        self.save(); owner.publish(max(self.pairs(), key=lambda pair: read_key(pair[1]).ends)[1])
    def collect(self, owner, admit, now, wait=0, resolvers={}):     # checks, keeps, and answers then (R-RLY-9)
        after, unresolved = 0, set()
        self.letters = {name: x for name, x in self.letters.items() if now < x["expires"] or "read" not in x}
        while listed := owner.deposits(after, wait if after == 0 else 0):
            taken, refused = [], []
            for after, envelope in listed:
                asked = []                                          # whom it is from, before anybody resolves
                def take_from(did): asked.append(did); return did not in unresolved and admit(did)
                try: self.keep(open_envelope(envelope, self.pairs(), take_from, now, resolvers))
                except Fault as fault:                              # what cannot be resolved now stays, and what its sender wrote later too
                    if fault.code == "did_resolution_failed": unresolved.update(asked)
                    if not unresolved.intersection(asked): refused.append(after)
                else: taken.append(after)
            self.save(); owner.answer(taken, refused)
    def keep(self, letter):
        name = f"{letter.sender.did} {letter.message_id.hex()}"
        self.letters.setdefault(name, {"from": letter.sender.did, "sent": letter.sent, "expires": letter.expires, "type": letter.content_type,
                                       "content": letter.content.hex()})
    def read(self):                                                 # each letter once: it counts as read before it is given out
        for letter in self.letters.values():
            if "read" in letter: continue
            content, letter["read"] = letter.pop("content"), True; self.save()
            yield letter["from"], letter["sent"], letter["type"], bytes.fromhex(content)

def open_command(own, store, options):
    owner, token = Owner(options.url, own, options.expect), to_base64url(os.urandom(32))
    mailbox = owner.open()["url"]
    store.renew(owner, own, int(time.time())); owner.let_in(token)
    return {"mailbox": mailbox, "token": token, "did": own.did}     # whoever has it may write
def send_command(own, options):
    link, now = json.loads(pathlib.Path(options.link).read_text()), int(time.time())
    depositor = Depositor(link["mailbox"], link["token"], link["did"])
    letter = seal_letter(own, depositor.key(now), "text/plain;charset=utf-8", options.text.encode(), now)
    (deposit, state), = depositor.deposit(letter)
    return {"deposit": deposit, "state": state, "expires": letter.expires}
def read_command(own, store, options):
    owner, now = Owner(options.url, own, options.expect), int(time.time())
    owner.open(); store.renew(owner, own, now)
    store.collect(owner, lambda did: did in options.admit, now, options.wait)
    for sender, sent, kind, content in store.read():
        shown = {"text": content.decode()} if kind.startswith("text/") else {"content": to_base64url(content)}
        yield {"from": sender, "sent": sent, "type": kind, **shown}
def arguments_of(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("open", "read"):
        command = commands.add_parser(name)
        command.add_argument("url", help="the relay's origin")
        command.add_argument("--expect", required=True, metavar="DID", help="the relay's DID; no other is accepted")
        command.add_argument("--store", required=True, metavar="FILE", help="keeps mailbox keys and letters; for you alone")
    command.add_argument("--admit", required=True, action="append", metavar="DID", help="of whom letters are taken; may be given again")
    command.add_argument("--wait", type=int, default=0, metavar="SECONDS", choices=range(31), help="for a letter, where none waits: 0 to 30")
    command = commands.add_parser("send")
    command.add_argument("link", help="a file with what `open` printed")
    command.add_argument("text")
    for command in commands.choices.values():
        command.add_argument("--key", required=True, metavar="FILE", help="32-byte Ed25519 seed as hexadecimal")
    return parser.parse_args(arguments)
def main(arguments=None):
    options = arguments_of(arguments)
    try:
        own = new_identity(bytes.fromhex(pathlib.Path(options.key).read_text().strip()))
        if options.command == "send": return print(json.dumps(send_command(own, options)))
        store = Store(options.store)
        if options.command == "open": return print(json.dumps(open_command(own, store, options)))
        for letter in read_command(own, store, options): print(json.dumps(letter), flush=True)
    except (Fault, OSError, ValueError, http.client.HTTPException) as failure: sys.exit(f"{type(failure).__name__}: {failure}")

if __name__ == "__main__": main()
