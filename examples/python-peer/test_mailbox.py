"""mailbox-1: every vector, and what it refuses at once. The relay is in test_relay.py."""
import unittest
from didshake import Fault, Identity
from login import new_identity
from mailbox import CLASSES, GRACE, make_key, open_envelope, read_key, seal_letter, verify_key
from test_didshake import load
from test_loopback import p256_identity

NOW = 1_767_225_600


def identity(x):
    return Identity(x["did"], x["fragment"], x["algorithm"], bytes.fromhex(x["signing_key"]))


def resolvers(view):
    def resolve(did):
        found = view["documents"][did]
        return None if found.get("missing") else (found["text"].encode(), found["deactivated"])
    return {"web": resolve}


def sender_reads(vector):
    view = vector["sender_view"]
    return verify_key(bytes.fromhex(vector["mailbox_key"]), view["means"], view["now"], resolvers(view))


def recipient_reads(vector):
    view, keys = vector["recipient_view"], [(bytes.fromhex(vector["owner"]["mailbox_secret"]), bytes.fromhex(vector["mailbox_key"]))]
    admit = lambda did: view["admits"] is None or did in view["admits"]
    return open_envelope(bytes.fromhex(vector["envelope"]), keys, admit, view["now"], resolvers(view))


def code_of(call):
    try:
        call()
    except Fault as fault:
        assert (fault.alert, fault.answer) == (None, [])
        return fault.code
    return "accepted"


class Vectors(unittest.TestCase):
    maxDiff = None

    def test_vectors(self):
        made = refused = 0
        for vector in load("mailbox"):
            with self.subTest(vector["id"]):
                if vector["kind"] == "positive":
                    self.positive(vector)
                    made += 1
                    continue
                step = vector["fails"]["step"]
                if step == "letter":                       # the mailbox key of a bad letter is good
                    sender_reads(vector)
                self.assertEqual(code_of(lambda: (recipient_reads if step == "letter" else sender_reads)(vector)), vector["fails"]["error"])
                refused += 1
        print(f"\nmailbox: {made} made byte for byte and taken, {refused} refused with the expected code")
        self.assertEqual((made, refused), (41, 324))

    def positive(self, vector):
        owner, sender = vector["owner"], vector["sender"]
        secret, raw = make_key(identity(owner), owner["begins"], owner["ends"] - owner["begins"], bytes.fromhex(owner["mailbox_secret"]))
        self.assertEqual(raw.hex(), vector["mailbox_key"])
        key = sender_reads(vector)
        letter = seal_letter(identity(sender), key, sender["content_type"], bytes.fromhex(sender["content"]), vector["sender_view"]["now"],
                             sender["expires"] - sender["sent"], sender["sent"], bytes.fromhex(sender["message_id"]), bytes.fromhex(sender["ephemeral_ikm"]))
        self.assertEqual(letter.envelope.hex(), vector["envelope"])
        self.assertEqual(key.id.hex(), vector["intermediates"]["key_id"])
        taken = recipient_reads(vector)
        self.assertEqual((taken.sender.did, taken.sender.fragment, taken.sender.algorithm), (sender["did"], sender["fragment"], sender["algorithm"]))
        self.assertEqual((taken.message_id.hex(), taken.sent, taken.expires, taken.content_type, taken.content.hex()),
                         tuple(sender[x] for x in ("message_id", "sent", "expires", "content_type", "content")))


class Rules(unittest.TestCase):
    def letter(self, own, content=b"words", **options):
        owner = p256_identity()
        secret, raw = make_key(owner, NOW, secret=bytes(range(32)))
        return seal_letter(own, verify_key(raw, owner.did, NOW), "text/plain", content, NOW, **options).envelope, [(secret, raw)]

    def test_fresh_every_time(self):                       # R-MBOX-3
        own = new_identity()
        self.assertNotEqual(self.letter(own)[0][18:50], self.letter(own)[0][18:50])

    def test_size_classes(self):                           # R-MBOX-4
        own, before = new_identity(), 2 + 56 + 1 + 1 + 64 + 16 + 8 + 8 + 11 + 4
        for size in CLASSES[:-1]:
            for over in (0, 1):
                envelope, keys = self.letter(own, bytes(size - before + over))
                self.assertEqual(len(envelope), (2 * size if over else size) + 66)
                self.assertEqual(open_envelope(envelope, keys, lambda did: True, NOW).sender.did, own.did)

    def test_nobody_is_resolved_who_is_not_admitted(self):  # R-MBOX-5
        own = Identity("did:web:sender.example", "key", 1, bytes(32))
        envelope, keys = self.letter(own)
        asked = []
        for admits, code, resolved in ((False, "not_admitted", []), (True, "did_not_found", [own.did])):
            self.assertEqual(code_of(lambda: open_envelope(envelope, keys, lambda did: admits, NOW, {"web": asked.append})), code)
            self.assertEqual(asked, resolved)

    def test_a_key_is_over_after_its_grace(self):          # R-MBOX-6
        own = new_identity()
        envelope, keys = self.letter(own)
        ends = read_key(keys[0][1]).ends
        for now, code in ((ends + GRACE - 1, "letter_expired"), (ends + GRACE, "envelope_key_unknown")):
            self.assertEqual(code_of(lambda: open_envelope(envelope, keys, lambda did: True, now)), code)

    def test_what_cannot_be_made(self):
        own = new_identity()
        for lifetime in (0, 7_776_001):
            self.assertRaises(ValueError, make_key, own, NOW, lifetime)
        for options in (dict(lifetime=0), dict(lifetime=2_592_001), dict(content=bytes(65_537))):
            with self.subTest(options), self.assertRaises(ValueError):
                self.letter(own, **options)
        secret, raw = make_key(own, NOW - 100, 100)
        key = read_key(raw)
        self.assertEqual(code_of(lambda: seal_letter(own, key, "text/plain", b"", NOW)), "mailbox_key_time")
        key.ends, key.public = NOW + 1, bytes(32)          # of small order
        self.assertEqual(code_of(lambda: seal_letter(own, key, "text/plain", b"", NOW)), "key_invalid")
