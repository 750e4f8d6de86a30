"""Both roles against each other, and what is changed on the path."""
import itertools, random, unittest
from unittest import mock
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
import didshake
from didshake import (ALERT_RECORD, CLOSE, DATA, KEY_UPDATE, ChaCha20Poly1305, Fault, Identity, Peer, WaitFinish, WaitHello, start)
from login import encode_base58, new_identity
from test_didshake import spec_table


def p256_identity():                                       # a did:key with P-256
    key = ec.generate_private_key(ec.SECP256R1())
    raw = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint)
    return Identity("did:key:z" + encode_base58(b"\x80\x24" + raw), "", 2, key.private_numbers().private_value.to_bytes(32, "big"))


def make_identity(algorithm):
    return new_identity() if algorithm == 1 else p256_identity()


def pair(suites=(1, 2), algorithms=(1, 1), **options):
    a, b = make_identity(algorithms[0]), make_identity(algorithms[1])
    initiator = Peer([a], b.did, suites=suites, **options)
    responder = Peer([b], lambda did: True, suites=suites, **options)
    return initiator, responder


def shake(initiator, responder, alter=None):
    """Both roles to the end: (channel of the initiator, of the responder). alter(name, message) stands on the path."""
    alter = alter or (lambda name, message: message)
    i, hello = start(initiator)
    r = WaitHello(peer=responder)
    r, reply = r.receive(alter("hello", hello))
    if isinstance(r, WaitHello):
        i, hello2 = i.receive(alter("retry", reply))
        r, reply = r.receive(alter("hello2", hello2))
    i, finish = i.receive(alter("reply", reply))
    theirs, accept = r.receive(alter("finish", finish))
    return i.receive(alter("accept", accept))[0], theirs


class Loopback(unittest.TestCase):
    def test_all_suites_and_algorithms(self):
        ran = 0
        for suites in ((1,), (2,), (1, 2), (2, 1)):
            for algorithms in itertools.product((1, 2), repeat=2):
                for binding, prologue in ((1, b""), (1, b"agreed"), (2, b"https://a.example"), (3, b"https://a.example")):
                    initiator, responder = pair(suites, algorithms, binding=binding, prologue=prologue)
                    initiator.recipient = ran % 2 == 0
                    mine, theirs = shake(initiator, responder)
                    self.assertEqual((mine.peer.did, theirs.peer.did), (responder.identities[0].did, initiator.identities[0].did))
                    self.assertEqual((mine.peer.algorithm, theirs.peer.algorithm), algorithms[::-1])
                    self.assertEqual((mine.session_id, mine.application_protocol), (theirs.session_id, theirs.application_protocol))
                    self.assertEqual(mine.export(b"x", b"y", 99), theirs.export(b"x", b"y", 99))
                    self.talk(mine, theirs)
                    ran += 1
        print(f"\nloopback: {ran} handshakes with channels")
        self.assertEqual(ran, 64)

    def talk(self, a, b):
        def over(sender, receiver, typ, content=b"", padding=0):
            return [receiver.receive(record) for record in sender.send(typ, content, padding)]
        for x, y in ((a, b), (b, a), (a, b)):
            self.assertEqual(over(x, y, DATA, b"text", 7), [(DATA, b"text")])
            self.assertEqual(over(x, y, DATA, b"", 65_535), [(DATA, b"")])
            self.assertEqual(over(x, y, KEY_UPDATE), [(KEY_UPDATE, b"")])
            self.assertEqual(over(x, y, DATA, bytes(65_535)), [(DATA, bytes(65_535))])
        with self.assertRaises(Fault) as caught:
            b.transport_ended()
        self.assertEqual(caught.exception.code, "truncated")
        self.assertEqual(over(a, b, CLOSE), [(CLOSE, b"")])
        with self.assertRaises(RuntimeError):
            a.send(DATA)
        b.transport_ended()
        self.assertEqual(over(b, a, DATA, b"half open"), [(DATA, b"half open")])
        self.assertEqual(over(b, a, CLOSE), [(CLOSE, b"")])
        a.transport_ended()

    def test_retry(self):
        with mock.patch.dict(didshake.SUITES, {0xFE01: (0xFE00, ChaCha20Poly1305)}):
            initiator, responder = pair((1, 0xFE01))
            responder.suites = (0xFE01, 1)
            messages = []
            self.talk(*shake(initiator, responder, lambda name, message: messages.append(name) or message))
            self.assertEqual(messages, ["hello", "retry", "hello2", "reply", "finish", "accept"])

    def test_the_sender_updates_its_key_in_time(self):
        mine, theirs = shake(*pair())
        for direction in (mine.out, theirs.into):
            direction.sequence = direction.count = 2**20 - 1
        records = mine.send(DATA, b"after")
        self.assertEqual([theirs.receive(r) for r in records], [(KEY_UPDATE, b""), (DATA, b"after")])
        theirs.out.sequence = mine.into.sequence = 2**64
        with self.assertRaises(RuntimeError):              # R-CHAN-3
            theirs.send(DATA)
        for typ, content in ((CLOSE, b""), (ALERT_RECORD, b"\x50")):   # they would be refused there: a key_update comes first
            mine, theirs = shake(*pair())
            mine.out.count = theirs.into.count = 2**20 - 1
            first, second = mine.send(typ, content)
            self.assertEqual(theirs.receive(first), (KEY_UPDATE, b""))

    def test_a_refused_record_is_answered_once(self):
        mine, theirs = shake(*pair())
        record, = mine.send(DATA, b"x")
        with self.assertRaises(Fault) as caught:
            theirs.receive(record[:-1] + bytes([record[-1] ^ 1]))
        self.assertEqual((caught.exception.code, len(caught.exception.answer)), ("record_not_opened", 1))
        with self.assertRaises(Fault) as again:
            theirs.receive(record)
        self.assertEqual((again.exception.code, again.exception.alert, again.exception.answer), ("record_after_close", None, []))
        with self.assertRaises(Fault) as told:
            mine.receive(caught.exception.answer[0])
        self.assertEqual((told.exception.code, told.exception.answer), ("peer_alert", []))

    def test_a_refused_accept_is_answered_in_a_record(self):           # R-INIT-9
        initiator, responder = pair()
        responder.accept_extensions = ((9, 1, b""),)
        i, hello = start(initiator)
        r, reply = WaitHello(peer=responder).receive(hello)
        i, finish = i.receive(reply)
        theirs, accept = r.receive(finish)
        with self.assertRaises(Fault) as caught:
            i.receive(accept)
        self.assertEqual((caught.exception.code, caught.exception.alert), ("unknown_critical_extension", 110))
        with self.assertRaises(Fault) as told:
            theirs.receive(caught.exception.answer[0])
        self.assertEqual(told.exception.code, "peer_alert")

    def test_states_are_consumed_and_a_finish_counts_once(self):
        initiator, responder = pair()
        i, hello = start(initiator)
        w = WaitHello(peer=responder)
        r, reply = w.receive(hello)
        self.assertRaises(RuntimeError, w.receive, hello)
        name = r.__dict__["name"]
        wait, finish = i.receive(reply)
        self.assertRaises(RuntimeError, i.receive, reply)
        with self.assertRaises(Fault) as caught:           # a bad Finish leaves the waiting state usable (R-STATE-6)
            r.receive(finish[:-1] + bytes([finish[-1] ^ 1]))
        self.assertEqual(caught.exception.answer, [b"\x0f\x14"])
        self.assertRaises(RuntimeError, r.receive, finish)
        _, accept = WaitFinish(peer=responder, name=name).receive(finish)
        with self.assertRaises(Fault) as caught:
            WaitFinish(peer=responder, name=name).receive(finish)
        self.assertEqual(caught.exception.code, "finish_replayed")
        wait.receive(accept)
        self.assertRaises(RuntimeError, wait.receive, accept)

    def test_whom_one_means(self):                         # R-INIT-1, R-EXT-6
        a = new_identity()
        self.assertRaises(TypeError, Peer, [a])
        self.assertRaises(ValueError, start, Peer([a], None))
        self.assertRaises(ValueError, start, Peer([a], lambda did: True, recipient=True))
        initiator, responder = pair()
        initiator.admit = a.did
        with self.assertRaises(Fault) as caught:
            shake(initiator, responder)
        self.assertEqual(caught.exception.code, "not_admitted")
        responder.identities = initiator.identities        # the initiator's own DID comes back
        initiator.admit = lambda did: True
        with self.assertRaises(Fault) as caught:
            shake(initiator, responder)
        self.assertEqual(caught.exception.code, "own_did")

    def test_exporter_limits(self):                        # R-EXP-2
        mine, _ = shake(*pair())
        for label, context, length in ((b"", b"", 1), (bytes(256), b"", 1), (b"x", bytes(65_536), 1), (b"x", b"", 0), (b"x", b"", 8_161)):
            self.assertRaises(ValueError, mine.export, label, context, length)
        self.assertEqual(len(mine.export(bytes(255), bytes(65_535), 8_160)), 8_160)


class Mutations(unittest.TestCase):
    """Whatever is changed on the path, the attempt ends with a fault, and never with two channels that differ."""

    def test_every_byte_of_every_message(self):
        ran, codes = 0, set()
        for name in ("hello", "reply", "finish", "accept"):
            for algorithms, suite in (((1, 1), 1), ((2, 1), 2)):
                length = []
                initiator, responder = pair((suite,), algorithms)
                shake(initiator, responder, lambda n, m: length.append(len(m)) or m if n == name else m)
                # each byte of what is not sealed, and a few of what is
                places = range(length[0]) if name in ("hello", "accept") else [*range(71 if name == "reply" else 3), *range(71, length[0], 17)]
                for at in places:
                    def flip(n, m):
                        return m if n != name else m[:at] + bytes([m[at] ^ (1 << random.randrange(8))]) + m[at + 1:]
                    with self.subTest(name, at=at), self.assertRaises(Fault) as caught:
                        shake(initiator, responder, flip)
                    codes.add(caught.exception.code)
                    ran += 1
        print(f"\nmutations: {ran} changed bytes, all refused; codes: {len(codes)}")
        self.assertGreater(ran, 400)

    def test_every_length(self):
        ran = 0
        for name in ("hello", "reply", "finish", "accept"):
            initiator, responder = pair()
            length = []
            shake(initiator, responder, lambda n, m: length.append(len(m)) or m if n == name else m)
            for cut in range(length[0]):
                with self.assertRaises(Fault) as caught:
                    shake(initiator, responder, lambda n, m: m[:cut] if n == name else m)
                self.assertEqual(caught.exception.code, "message_truncated")
                ran += 1
            with self.assertRaises(Fault) as caught:
                shake(initiator, responder, lambda n, m: m + b"\0" if n == name else m)
            self.assertEqual(caught.exception.code, "trailing_bytes")
        print(f"\nmutations: {ran} truncations refused")
        self.assertGreater(ran, 450)

    def test_noise(self):
        """Random bytes into each state: a Fault of the spec's table, nothing else."""
        table, rng = spec_table(), random.Random(1)
        initiator, responder = pair()
        for _ in range(3_000):
            noise = bytes([rng.choice((1, 2, 3, 4, 5, 15, 16, rng.randrange(256)))]) + rng.randbytes(rng.randrange(200))
            for state in (start(initiator)[0], WaitHello(peer=responder), WaitFinish(peer=responder, name=b""),
                          didshake.WaitAccept(suite=1, th4=bytes(32), keys=didshake.session_keys(bytes(32), bytes(32)), responder=None, peer=initiator)):
                with self.assertRaises(Fault) as caught:
                    state.receive(noise)
                self.assertIn(caught.exception.code, table)
            for reader in (didshake.read_identity, lambda x: didshake.strict_json(x, "document_json", "document_limits")):
                with self.assertRaises(Fault):
                    reader(noise)

    def test_json(self):
        good = [b"{}", b' {"a":[1e308,-0.0,1E-999,{"b":null}]}\n', b'{"\\ud83d\\ude00":"\xc3\xa9"}', b"{\"a\":" + b"[" * 15 + b"]" * 15 + b"}"]
        bad = [b"", b"[]", b"1", b"\xef\xbb\xbf{}", b'{"a":NaN}', b'{"a":-Infinity}', b'{"a":1e400}', b'{"a":01}', b'{"a":1,"\\u0061":2}', b"{}{}",
               b'{"a":"\\ud800"}', b'{"\\udc00":1}', b'{"a":"\\u00e"}', b'{"a":"\\u+123"}', b'{"a":"\t"}', b"{'a':1}", b'{"a":1,}', b"{\xa0}", b'{"a":"\xff"}',
               b'{"a":' + b"9" * 400 + b"}", b'{"a":.5}', b'{"a":+1}', b'{"a":1.}', b"\x0b{}", b'{"a":"\xed\xa0\x80"}', b"{//\n}"]
        for text in good:
            didshake.strict_json(text, "document_json", "document_limits")
        for text in bad:
            with self.subTest(text), self.assertRaises(Fault) as caught:
                didshake.strict_json(text, "document_json", "document_limits")
            self.assertEqual(caught.exception.code, "document_json")
        for n in (16, 900, 30_000):
            with self.assertRaises(Fault) as caught:
                didshake.strict_json(b'{"a":' + b"[" * n + b"]" * n + b"}", "document_json", "document_limits")
            self.assertEqual(caught.exception.code, "document_limits")

    def test_times(self):
        for year in (0, 1, 4, 1600, 1900, 1969, 1970, 2000, 2024, 2100, 9999):
            days = year * 365 + sum(1 for y in range(year) if y % 4 == 0 and (y % 100 or y % 400 == 0)) - 719_528   # 0000-01-01 to 1970-01-01
            self.assertEqual(didshake.instant(f"{year:04}-01-01T00:00:00Z"), days * 86_400)
        self.assertEqual(didshake.instant("1970-01-01T01:00:00.9+00:30"), 1_800)
        self.assertEqual(didshake.instant("1970-01-01T01:00:00-00:30"), 5_400)
