"""The conformance shim as a process: the vectors over JSON lines, in both roles, and every kind of `check`."""
import json, pathlib, subprocess, sys, unittest
from test_didshake import load

SHIM = pathlib.Path(__file__).with_name("shim.py")
OPTIONS = {"initiator": "suites first_group application_protocol recipient hello_extensions finish_extensions",
           "responder": "default_identity suites application_protocols reply_extensions accept_extensions lifetime"}


def altered(token):
    return f"{int(token[:2], 16) ^ 1:02x}{token[2:]}"


class Played:
    """One role of a vector, played by the shim; `ask` gives an answer without `crash` and `skip`."""

    def __init__(self, ask, vector, role):
        self.ask, self.vector, self.role, self.config = ask, vector, role, vector["config"]
        side, self.sid, self.token = self.config[role], f"{vector['id']} {role}", None
        keys = {k: side[k] for k in ("ephemeral_secrets", "nonces", "ephemeral_secret", "nonce") if k in side}
        self.answer = ask(op="new", sid=self.sid, role=role, now=self.config["now"], binding=self.config["binding"],
                          prologue=self.config["prologue"], key=side.get("identities") or [side["identity"]], random=keys,
                          resolver=self.config["documents"], options={k: side[k] for k in OPTIONS[role].split()},
                          policy={"admit": side.get("expect") or side["admit"], "decision": side["policy"]})

    def receive(self, message):
        more = {}
        if message["message"] == "finish":
            how = message["waiting_state"]
            self.token = self.answer.get("token", self.token)
            more["token"] = {"altered": altered(self.token), "truncated": self.token[:-2], "missing": "",
                             "other_key": "00" * 16}.get(how, self.token)
            if how == "expired":
                more["now"] = self.config["now"] + 60
            if how == "other_endpoint":
                more["endpoint"] = "another"
        self.answer = self.ask(op="recv", sid=self.sid, wire=message["wire"], **more)

    def messages(self, test):
        for message in self.vector["messages"]:
            if message["from"] == self.role:
                test.assertEqual(self.answer["send"], message["wire"], self.sid)
            else:
                self.receive(message)

    def seal(self, record):
        same = {"sid": self.sid, "padding": record["padding"]}
        name = {"close": "close", "key_update": "update"}.get(record["type"])
        more = {"op": name} if name else {"op": "seal", "type": record["type"], "content": record["content"]}
        return self.ask(**same, **more)["send"]

    def records(self, test):
        for record in self.vector.get("channel", []):
            if record["from"] == self.role:
                test.assertEqual(self.seal(record), [record["wire"]])
                continue
            self.answer = self.ask(op="open", sid=self.sid, wire=record["wire"])
            if record.get("type") == "alert":
                test.assertEqual((self.answer["error"], self.answer["alert"]), ("peer_alert", None))
            elif "type" in record:
                test.assertEqual((self.answer["type"], self.answer["content"]), (record["type"], record["content"]))


class Shim(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = subprocess.Popen([sys.executable, SHIM], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        cls.addClassCleanup(cls.process.wait)
        cls.addClassCleanup(cls.process.stdout.close)
        cls.addClassCleanup(cls.process.stdin.close)

    def line(self, **request):
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return json.loads(self.process.stdout.readline())

    def ask(self, **request):
        answer = self.line(**request)
        self.assertFalse({"crash", "skip"} & set(answer), (answer, request))
        return answer

    def check(self, kind, **inputs):
        return self.ask(op="check", kind=kind, **inputs)

    def test_positives(self):
        played = 0
        for vector in load("positive"):
            if any("repeat" in record for record in vector.get("channel", [])):
                continue                                   # a million records; test_didshake.py has them
            for role, other in (("initiator", "responder"), ("responder", "initiator")):
                with self.subTest(vector["id"], role=role):
                    p, h = Played(self.ask, vector, role), vector["handshake"]
                    p.messages(self)
                    last = p.answer
                    p.records(self)
                    self.assertEqual((last["done"], last["out"]["session_id"]), (True, h["session_id"]))
                    self.assertEqual(last["out"]["peer"]["public_key"], h[f"{other}_public_key"])
                    for e in vector.get("exports", []):
                        output = self.ask(op="export", sid=p.sid, **{k: e[k] for k in ("label", "context", "length")})
                        self.assertEqual(output, {"output": e["output"]})
                    self.assertEqual(self.ask(op="free", sid=p.sid), {})
                    played += 1
        self.assertGreater(played, 120)

    def test_negatives(self):
        refused = 0
        for vector in load("negative"):
            if any("repeat" in record for record in vector.get("channel", [])):
                continue
            with self.subTest(vector["id"]):
                fails = vector["fails"]
                p = Played(self.ask, vector, fails["role"])
                p.messages(self)
                p.records(self)
                self.assertEqual((p.answer["error"], p.answer["alert"]), (fails["error"], fails["alert"]))
                refused += 1
        self.assertGreater(refused, 550)

    def test_requests(self):
        for vector in load("request"):
            with self.subTest(vector["id"]):
                answer = self.check("request", service=vector["service"], request=vector["request"])
                if vector["kind"] == "negative":
                    self.assertEqual(answer["error"], vector["fails"]["error"])
                else:
                    self.assertIn(f'nonce="{answer["nonce"]}";keyid="{answer["keyid"]}"', vector["request"]["signature_input"][0])

    def test_schedule_and_decode(self):
        for vector in load("positive"):
            h, sent = vector["handshake"], {m["message"]: m["wire"] for m in vector["messages"]}
            with self.subTest(vector["id"]):
                same = {k: h[k] for k in ("dh", "reply_identity", "finish_identity", "accept_plain")}
                made = self.check("schedule", suite=0, binding=vector["config"]["binding"], prologue=vector["config"]["prologue"],
                                  hello=sent.get("hello2") or sent["hello"], reply=sent["reply"], **same)
                self.assertLessEqual({"th2", "th3", "th4", "hs", "ms", "exporter", "session_id"}, set(made))
                self.assertEqual(made, {name: h[name] for name in made})
                for name in ("hello", "retry", "reply", "finish", "accept"):
                    if wire := sent.get(name):
                        fields = self.check("decode", message=name, wire=wire)
                        self.assertTrue(all(fields[x] in wire for x in ("key_share", "nonce", "sealed") if x in fields))
                        self.assertEqual(self.check("decode", message=name, wire=wire + "00")["error"], "trailing_bytes")

    def test_documents_and_signatures(self):
        for vector in load("positive"):
            h, c = vector["handshake"], vector["config"]
            for role, name in (("initiator", "finish"), ("responder", "reply")):
                i = c[role].get("identity") or c[role]["identities"][0]
                document = c["documents"].get(i["did"], {})
                if role == "responder" and len(c[role]["identities"]) > 1:
                    continue
                with self.subTest(vector["id"], role=role):
                    inputs = {"did": i["did"], "fragment": i["fragment"], "now": c["now"]}
                    found = self.check("document", **inputs, **document)
                    self.assertEqual(found, {"algorithm": i["algorithm"], "public_key": h[f"{role}_public_key"]})
                    if found["algorithm"] == 1:
                        signed = {"public_key": found["public_key"], "message": h[f"{name}_signature_input"]}
                        signature = h[f"{name}_signature"]
                        for text, valid in ((signature, True), (altered(signature), False), (signature[2:], False)):
                            self.assertEqual(self.check("ed25519", **signed, signature=text), {"valid": valid})
        refused = self.check("document", did="did:web:a.example", fragment="k", now=0, text="{", deactivated=False)
        self.assertEqual(refused["error"], "document_json")

    def test_mailboxes(self):
        read = made = 0
        for vector in load("mailbox"):
            owner, sender, fails = vector["owner"], vector.get("sender"), vector.get("fails", {})
            key = {"mailbox_key": vector["mailbox_key"], "view": vector["sender_view"]}
            with self.subTest(vector["id"]):
                answer = self.check("mailbox_key", **key)
                if fails.get("step") != "mailbox_key":
                    self.assertEqual((answer["did"], answer["ends"]), (owner["did"], owner["ends"]))
                    answer = self.check("letter", envelope=vector["envelope"], mailbox_key=vector["mailbox_key"], owner=owner,
                                        view=vector["recipient_view"])
                self.assertEqual(answer.get("error"), fails.get("error"))
                read += 1
                if sender:
                    self.assertEqual((answer["did"], answer["content"]), (sender["did"], sender["content"]))
                    self.assertEqual(self.ask(op="make", kind="mailbox_key", owner=owner), {"mailbox_key": vector["mailbox_key"]})
                    self.assertEqual(self.ask(op="make", kind="letter", sender=sender, **key), {"envelope": vector["envelope"]})
                    made += 1
        self.assertEqual((read, made), (365, 41))

    def test_a_letter_twice(self):
        vector = next(x for x in load("mailbox") if x["id"] == "m-ed25519")
        sender = {name: x for name, x in vector["sender"].items() if name not in ("ephemeral_ikm", "message_id")}
        made = [self.ask(op="make", kind="letter", sender=sender, mailbox_key=vector["mailbox_key"], view=vector["sender_view"])["envelope"]
                for _ in range(2)]
        self.assertEqual(made[0][:36], made[1][:36])
        self.assertNotEqual(made[0][36:100], made[1][36:100])

    def test_what_it_does_not_know(self):
        self.assertEqual(set(self.line(op="dance")), {"skip"})
        self.assertEqual(set(self.line(op="check", kind="weather")), {"skip"})
        self.assertEqual(set(self.line(op="make", kind="card")), {"skip"})
        self.assertEqual(set(self.line(op="check", kind="webvh", did="did:webvh:Qm:a.example", now=0, log="")), {"skip"})
        self.assertFalse({"card", "webvh"} & set(self.ask(op="hello")["features"]))
        self.assertEqual(set(self.line(op="open", sid="nobody", wire="10")), {"crash"})
        self.assertEqual(self.ask(op="hello", unknown=1)["roles"], ["initiator", "responder"])


if __name__ == "__main__":
    unittest.main()
