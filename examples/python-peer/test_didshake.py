"""Every vector, and what the page lists. Run: python -m unittest -v   (see README.md)."""
import contextlib, copy, json, os, pathlib, re, unittest
from unittest import mock
import didshake
from didshake import (ALERT_RECORD, CLOSE, DATA, KEY_UPDATE, Channel, ChaCha20Poly1305, Direction, Fault, Identity, Peer, WaitFinish, WaitHello,
                      Expand, H, start)

ROOT = pathlib.Path(os.environ.get("DIDSHAKE_ROOT", pathlib.Path(__file__).resolve().parents[2]))
VECTORS, SPEC = ROOT / "vectors", ROOT / "spec" / "didshake-1.md"
TYPES = {"data": DATA, "close": CLOSE, "key_update": KEY_UPDATE, "alert": ALERT_RECORD}
EXACT = os.environ.get("DIDSHAKE_ALL_RECORDS") == "1"      # seal and open each of the two million records of a `repeat` (minutes)
SEALED = 1_000                                             # otherwise as many, the last ones; those before are counted
SEEN: dict[str, set] = {}                                  # what H, Extract, Expand, DH and sign saw and gave, for the intermediates


def record(name, function):
    def wrapped(*args):
        out = function(*args)
        SEEN.setdefault(name, set()).add(out)
        return out
    return wrapped


def load(folder):
    return [json.loads(f.read_text()) for f in sorted((VECTORS / folder).glob("*.json"))]


def identity(x):
    return Identity(x["did"], x["fragment"], x["algorithm"], bytes.fromhex(x["secret_key"]))


def admission(rule):
    (kind, value), = rule.items()
    return {"did": lambda: value, "any": lambda: lambda did: value, "methods": lambda: lambda did: did.split(":")[1] in value}[kind]()


def policy(rule):
    (kind, value), = rule.items()
    return {"allow": lambda peer: value, "refuse_fragments": lambda peer: peer.fragment not in value,
            "refuse_dids": lambda peer: peer.did not in value}[kind]


def extensions(entries):
    return tuple((e["id"], int(e["critical"]), bytes.fromhex(e["body"])) for e in entries)


def peer(config, role):
    """A Peer as config says, with the vector's secrets and nonces for its random generator."""
    c, documents = config[role], config["documents"]

    def resolve(did):
        found = documents[did]
        return None if found.get("missing") else (found["text"].encode(), found["deactivated"])
    common = dict(suites=tuple(c["suites"]), binding=config["binding"], prologue=bytes.fromhex(config["prologue"]), policy=policy(c["policy"]),
                  resolvers={"web": resolve}, clock=lambda: config["now"], endpoint="the endpoint")
    if role == "initiator":
        draws = [x for pair in zip(c["ephemeral_secrets"], c["nonces"]) for x in pair]
        made = Peer([identity(c["identity"])], admission(c["expect"]), application_protocol=c["application_protocol"],
                    first_group=c["first_group"], recipient=c["recipient"], hello_extensions=extensions(c["hello_extensions"]),
                    finish_extensions=extensions(c["finish_extensions"]), **common)
    else:
        draws = [c["ephemeral_secret"], c["nonce"]]
        made = Peer([identity(x) for x in c["identities"]], admission(c["admit"]), default_identity=c["default_identity"],
                    application_protocols=c["application_protocols"], lifetime=c["lifetime"],
                    reply_extensions=extensions(c["reply_extensions"]), accept_extensions=extensions(c["accept_extensions"]), **common)
    draws = iter(map(bytes.fromhex, draws))
    made.random = lambda n: next(draws)
    return made


class Played:
    """One role of a vector: makes its own messages and compares them, takes the other side's from the file."""

    def __init__(self, test, vector, role):
        self.test, self.vector, self.role, self.config = test, vector, role, copy.deepcopy(vector["config"])
        self.peer, self.channel, self.compared = peer(self.config, role), None, 0
        if role == "initiator":
            self.state, self.sent = start(self.peer)
        else:
            self.state, self.sent, self.name = WaitHello(peer=self.peer), None, None

    def own(self, message):
        wire = bytes.fromhex(message["wire"])
        self.test.assertEqual(self.sent.hex(), wire.hex(), f"{self.vector['id']}: own {message['message']}")
        self.compared += 1
        if self.role == "responder" and isinstance(self.state, WaitFinish):
            self.name = self.state.__dict__["name"]

    def take(self, message):
        wire = bytes.fromhex(message["wire"])
        if message["message"] == "finish":
            self.handle_waiting(message["waiting_state"])
        if isinstance(self.state, Channel):                # "repeat": to the responder in WaitFinish, whatever stands now
            self.test.assertTrue(message.get("repeat"))
            self.state = WaitFinish(peer=self.peer, name=self.name)
        state = self.state
        try:
            self.state, self.sent = state.receive(wire)
        finally:
            with self.test.assertRaises(RuntimeError):     # consumed, also by a failure
                state.receive(wire)
        if isinstance(self.state, Channel):
            self.channel = self.state

    def handle_waiting(self, how):
        if how == "expired":
            self.config["now"] += 60
        elif how == "other_endpoint":
            self.peer.endpoint = "another endpoint"
        elif how in ("altered", "truncated", "missing", "other_key"):  # kept in memory: another name, or a store that is gone
            name = {"altered": bytes([self.name[0] ^ 1]) + self.name[1:], "truncated": self.name[:-1], "missing": None}.get(how, self.name)
            if how == "other_key":
                self.peer.waiting.clear()
            self.state = WaitFinish(peer=self.peer, name=name)
        else:
            assert how == "ok"


class Vectors(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):                                   # the test suite of section 4.3: tests only
        cls.enterClassContext(mock.patch.dict(didshake.SUITES, {0xFE01: (0xFE00, ChaCha20Poly1305)}))

    def repeated(self, channel, e, mine):
        """The last of the records that `repeat` stands for, or with EXACT all; those before are counted."""
        content, typ, counted = bytes.fromhex(e["content"]), TYPES[e["type"]], 0 if EXACT else max(0, e["repeat"] - SEALED)
        direction = channel.out if mine else channel.into
        assert typ == DATA                                 # whose count is all that a record changes
        direction.sequence += counted
        direction.count += counted
        sealer = Direction(direction.suite, direction.secret)
        sealer.sequence = direction.sequence
        inner = content + bytes([typ]) + bytes(e["padding"])
        for _ in range(e["repeat"] - counted):
            if mine:
                self.assertEqual(len(channel.send(typ, content, e["padding"])), 1)
            else:
                channel.receive(b"\x10" + sealer.aead.encrypt(sealer.nonce(), inner, b"\x10"))
                sealer.sequence += 1

    def records(self, vector, played, role, failing):
        """Own records are compared and sent; the other side's are received. In a negative the last one is refused."""
        entries = vector.get("channel", [])
        for index, e in enumerate(entries):
            mine, last = e["from"] == role, failing and index == len(entries) - 1
            self.received = e
            if "repeat" in e:
                self.repeated(played.channel, e, mine)
                continue
            wire = bytes.fromhex(e["wire"])
            if mine:
                content = bytes.fromhex(e["content"])
                out = played.channel.out
                self.assertEqual(out.sequence, e["sequence"])
                self.assertEqual(played.channel.send(TYPES[e["type"]], content, e["padding"]), [wire])
            elif last:
                self.assertEqual(role, vector["fails"]["role"])
                try:
                    played.channel.receive(wire)
                except Fault as fault:
                    return fault
                raise AssertionError("accepted")
            elif e["type"] == "alert":
                with self.assertRaises(Fault) as caught:
                    played.channel.receive(wire)
                self.assertEqual(caught.exception.code, "peer_alert")
                self.assertEqual(caught.exception.answer, [])
            else:
                into = played.channel.into
                self.assertEqual(into.sequence, e["sequence"])
                self.assertEqual(played.channel.receive(wire), (TYPES[e["type"]], bytes.fromhex(e["content"])))

    def test_positives(self):
        vectors, roles, messages = load("positive"), 0, 0
        for vector in vectors:
            for role in ("initiator", "responder"):
                with self.subTest(vector["id"], role=role):
                    SEEN.clear()
                    wrap = [mock.patch.object(didshake, n, record(n, getattr(didshake, n))) for n in ("H", "Extract", "Expand", "DH", "th0", "write_identity",
                            "open_sealed")] + [mock.patch.object(Identity, "sign", self.signing(Identity.sign))]
                    with contextlib.ExitStack() as stack:
                        for w in wrap:
                            stack.enter_context(w)
                        played = Played(self, vector, role)
                        for message in vector["messages"]:
                            if message["from"] == role:
                                played.own(message)
                            else:
                                played.take(message)
                    self.intermediates(vector, played)
                    self.records(vector, played, role, False)
                    for e in vector.get("exports", []):
                        output = played.channel.export(e["label"].encode(), bytes.fromhex(e["context"]), e["length"])
                        self.assertEqual(output.hex(), e["output"])
                    roles, messages = roles + 1, messages + played.compared
        print(f"\npositives: {len(vectors)} vectors, {roles} role plays, {messages} own messages byte for byte")
        self.assertEqual((len(vectors), roles), (86, 172))

    @staticmethod
    def signing(sign):
        def wrapped(own, M):
            SEEN.setdefault("signed", set()).add(M)
            SEEN.setdefault("signatures", set()).add(out := sign(own, M))
            return out
        return wrapped

    def intermediates(self, vector, played):
        h, channel = {k: bytes.fromhex(v) for k, v in vector["handshake"].items()}, played.channel
        everything = set().union(*SEEN.values())
        mine, other = ("finish", "reply") if played.role == "initiator" else ("reply", "finish")
        h.pop("resume"), h.pop(f"{other}_signature_input"), h.pop(f"{other}_signature")
        keys = {k: h.pop(k) for k in ("i2r_0_key", "i2r_0_iv", "r2i_0_key", "r2i_0_iv")}
        for name in ("initiator_public_key", "responder_public_key", "accept_plain"):
            h.pop(name)
        for name, value in h.items():
            self.assertIn(value, everything, name)
        v = {k: bytes.fromhex(x) for k, x in vector["handshake"].items()}
        self.assertEqual(channel.peer.public_key, v["responder_public_key" if played.role == "initiator" else "initiator_public_key"])
        self.assertEqual((channel.session_id, channel.exporter), (v["session_id"], v["exporter"]))
        self.assertEqual(channel.lifetime, int.from_bytes(v["accept_plain"][:4], "big"))
        sending, receiving = ("i2r_0", "r2i_0") if played.role == "initiator" else ("r2i_0", "i2r_0")
        for name, direction in ((sending, channel.out), (receiving, channel.into)):
            self.assertEqual((direction.secret, direction.iv.to_bytes(12, "big")), (v[name], keys[name + "_iv"]))
            self.assertEqual(Expand(direction.secret, b"didshake/1 key", 32), keys[name + "_key"])
        self.assertEqual(Expand(v["ms"], b"didshake/1 resume" + H(v["th4"], v["accept_plain"]), 32), v["resume"])

    def test_negatives(self):
        vectors, refused = load("negative"), 0
        for vector in vectors:
            with self.subTest(vector["id"]):
                fails = vector["fails"]
                with self.assertRaises(Fault) as caught:
                    self.refusal(vector)
                self.assertEqual((caught.exception.code, caught.exception.alert), (fails["error"], fails["alert"]))
                self.assertIs(self.received, (vector.get("channel") or vector["messages"])[-1])    # all before it was good
                refused += 1
        print(f"\nnegatives: {len(vectors)} vectors, {refused} refused with the expected code and alert")
        self.assertEqual((len(vectors), refused), (667, 667))

    def test_each_check_matters(self):
        """With all checks of one code switched off, some vector of that code is no longer refused with it."""
        by_code, check, matters = {}, didshake.check, 0
        for vector in load("negative"):
            if not any("repeat" in e for e in vector.get("channel", [])) or vector["fails"]["error"] == "key_update_overdue":
                by_code.setdefault(vector["fails"]["error"], []).append(vector)
        raised = {"peer_alert", "malformed_alert", "sealed_part_not_opened", "record_not_opened",      # not by check(), or
                  "share_invalid"}                                                                      # by the library as well
        for code, vectors in by_code.items():
            if code in raised:
                continue
            with self.subTest(code), mock.patch.object(didshake, "check", lambda good, c: check(good or c == code, c)):
                changed = 0
                for vector in vectors[:8]:
                    try:
                        self.refusal(vector)
                        changed += 1
                    except Fault as fault:
                        changed += fault.code != code
                    except Exception:
                        changed += 1
                self.assertGreater(changed, 0)
                matters += 1
        print(f"\nchecks: {matters} codes whose vectors notice that the check is off")
        self.assertEqual(matters, len(by_code) - len(raised))

    def refusal(self, vector):
        """Plays fails.role; raises its Fault. self.received is what it received last."""
        fails, played = vector["fails"], Played(self, vector, vector["fails"]["role"])
        for message in vector["messages"]:
            if message["from"] == fails["role"]:
                played.own(message)
            else:
                self.received = message
                played.take(message)
        raise self.records(vector, played, fails["role"], True)

    def test_no_vector_is_missing(self):
        index = json.loads((VECTORS / "index.json").read_text())
        listed = {v["file"] for value in index.values() if isinstance(value, list) for v in value if isinstance(v, dict) and "file" in v}
        listed = {file for file in listed if not file.startswith(("mailbox/", "card/", "webvh/"))}  # test_mailbox.py has the first; no cards and logs here
        files = {str(f.relative_to(VECTORS)) for folder in ("positive", "negative", "request") for f in (VECTORS / folder).iterdir()}
        self.assertEqual(listed, files)
        self.assertEqual(len(files), 973)



def spec_table():
    """Code → alert of section 14.10, from the page itself."""
    section = SPEC.read_text().split("### 14.10 ")[1].split("### 14.11 ")[0]
    return {m[1]: None if m[2] == "–" else int(m[2]) for m in re.finditer(r"^\| `(\w+)` \| (\d+|–) \|", section, re.M)}


class Specification(unittest.TestCase):
    def test_codes_and_alerts_are_those_of_the_page(self):
        table, source = spec_table(), pathlib.Path(didshake.__file__).read_text()
        self.assertEqual(len(table), 70)
        self.assertEqual({c: didshake.ALERT_OF.get(c, 49) for c in table}, table)
        self.assertLessEqual(set(didshake.ALERT_OF), set(table))
        self.assertEqual(sorted(didshake.ALERTS.keys() - {None}), [10, 20, 40, 47, 49, 50, 70, 80, 110, 112, 120])
        code = source.split("class Fault")[1]
        requests = {"request_" + x for x in "unsigned malformed time session signature digest replayed".split()}
        used = {x for x in re.findall(r'"([a-z]+(?:_[a-z0-9]+)+|truncated)"', code)}
        self.assertEqual(set(table) - used, set())         # every code of 14.10 is used by the peer
        other = {"responder_", "Content_", "urlsafe_b64"}
        self.assertEqual({x for x in used - set(table) - requests if x not in other}, set())

    def test_suites_of_the_program(self):                  # R-SUITE-12: the test suite is not known outside of tests
        self.assertEqual(didshake.SUITES.keys(), {1, 2})


if __name__ == "__main__":
    unittest.main()
