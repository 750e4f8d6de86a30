"""mailbox.py against the relay of the program that DIDSHAKE names: cargo build --release, then DIDSHAKE=…/target/release/didshake."""
import contextlib, io, json, os, pathlib, shutil, signal, subprocess, tempfile, time, unittest
import mailbox
from bindings import to_base64url
from didshake import Identity
from login import new_identity
from mailbox import Depositor, Owner, Refused, Store, seal_letter
from test_loopback import p256_identity


class Relay:
    """A service of the program that is a relay for anyone."""
    def __init__(self):
        self.home, self.port = tempfile.mkdtemp(prefix="didshake-relay-"), 0
        self.start()

    def start(self):                                       # at the port of before, with the data of before
        command = [os.environ["DIDSHAKE"], "--json", "serve", "--listen", f"127.0.0.1:{self.port}", "--data", self.home + "/data"]
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "DIDSHAKE_MAILBOXES": "anyone"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True)
        for line in self.process.stdout:
            said = json.loads(line) if line.startswith("{") else {}
            if said.get("event") == "listening":
                self.origin, self.did, self.port = said["origins"][0], said["did"], int(said["address"].rpartition(":")[2])
                return
        raise AssertionError("the relay did not come up")

    def end(self, how):
        self.process.send_signal(how)
        self.process.stdout.close()
        self.process.wait(60)

    def remove(self):
        self.end(signal.SIGTERM)
        shutil.rmtree(self.home)


class Letters(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if "DIDSHAKE" not in os.environ:
            raise AssertionError("DIDSHAKE names no program")
        cls.relay = Relay()
        cls.addClassCleanup(cls.relay.remove)
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=type(self).folder))

    def run_command(self, *arguments):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            mailbox.main([str(x) for x in arguments])
        return [json.loads(line) for line in output.getvalue().splitlines()]

    def test_a_relay_that_lies(self):
        class Lying(Owner):
            def ask(self, method, path, *more, **options):
                return told.get(path) or super().ask(method, path, *more, **options)
        told, own = {}, new_identity()
        owner = Lying(self.relay.origin, own, self.relay.did)
        self.assertTrue(owner.open()["url"].startswith(self.relay.origin))
        told["/v1/mailbox"] = {"url": "https://elsewhere.example/m/AAAAAAAAAAAAAAAAAAAAAA"}
        with self.assertRaises(ConnectionError): owner.open()
        told["/v1/mailbox/deposits"] = {"deposits": [{"sequence": 1, "envelope": "IQEA"}]}
        self.assertEqual(len(owner.deposits()), 1)
        with self.assertRaises(ConnectionError): owner.deposits(after=1)

    def opened(self, own):
        """(owner, store, a contact's link) for an identity."""
        owner, store = Owner(self.relay.origin, own, self.relay.did), Store(str(self.folder / "store"))
        url, token = owner.open()["url"], to_base64url(os.urandom(32))
        store.renew(owner, own, int(time.time()))
        owner.let_in(token)
        return owner, store, (url, token, own.did)

    def seal(self, own, depositor, text, **options):
        now = int(time.time())
        return seal_letter(own, depositor.key(now), "text/plain", text.encode(), now, **options)

    def test_command_line(self):
        (alice, bob), at = [self.folder / name for name in ("alice", "bob")], (self.relay.origin, "--expect", self.relay.did)
        seeds = [os.urandom(32), os.urandom(32)]
        for file, seed in zip((alice, bob), seeds):
            file.write_text(seed.hex())
        store, link, dids = ("--key", alice, "--store", self.folder / "store"), self.folder / "link", [new_identity(seed).did for seed in seeds]
        opened, = self.run_command("open", *at, *store)
        self.assertEqual(opened["did"], dids[0])
        link.write_text(json.dumps(opened))
        for text in ("one", "zwei 🔑"):
            sent, = self.run_command("send", link, text, "--key", bob)
            self.assertEqual(sent["state"], "waiting")
        letters = self.run_command("read", *at, *store, "--admit", dids[1], "--wait", 30)
        self.assertEqual([(x["from"], x["text"]) for x in letters], [(dids[1], "one"), (dids[1], "zwei 🔑")])
        self.assertEqual(self.run_command("read", *at, *store, "--admit", dids[1]), [])
        self.assertEqual(Depositor(opened["mailbox"], opened["token"], dids[0]).states(sent["deposit"]), [(sent["deposit"], "taken")])
        self.assertEqual(self.run_command("open", *at, *store)[0]["mailbox"], opened["mailbox"])
        self.assertEqual((self.folder / "store").stat().st_mode & 0o777, 0o600)
        link.write_text(json.dumps(opened | {"token": to_base64url(bytes(32))}))
        with self.assertRaisesRegex(SystemExit, "token"):
            self.run_command("send", link, "refused", "--key", bob)

    def test_once_in_order_and_only_from_who_is_admitted(self):     # R-RLY-2, R-RLY-6, R-RLY-9
        alice, bob, mallory = p256_identity(), new_identity(), new_identity()
        owner, store, link = self.opened(alice)
        depositor = Depositor(*link)
        letters = [self.seal(bob, depositor, f"letter {n}") for n in range(70)]
        for first in range(0, 70, 35):
            states = depositor.deposit(*letters[first:first + 35])
            self.assertEqual(depositor.deposit(*letters[first:first + 35]), states)
        (strange, _), = depositor.deposit(self.seal(mallory, depositor, "a stranger"))
        store.collect(owner, lambda did: did == bob.did, int(time.time()))
        again = Store(store.path)                          # what a process has that comes after a crash
        again.collect(owner, lambda did: did == bob.did, int(time.time()))
        read = list(again.read())
        self.assertEqual([text.decode() for *_, text in read], [f"letter {n}" for n in range(70)])
        self.assertEqual({sender for sender, *_ in read}, {bob.did})
        self.assertEqual(depositor.states(strange, mailbox.name_of(letters[0].envelope)),
                         [(strange, "refused"), (mailbox.name_of(letters[0].envelope), "taken")])
        owner.let_in(other := to_base64url(os.urandom(32)))
        Depositor(link[0], other, link[2]).deposit(*letters[:5])        # other deposits to the relay, the same letters to their owner
        again.collect(owner, lambda did: True, int(time.time()))
        self.assertEqual(list(Store(store.path).read()), [])

    def test_who_cannot_be_resolved_waits(self):           # and what that sender wrote later with it
        alice, bob = new_identity(), new_identity()
        away = Identity("did:web:away.example", "key", 1, new_identity().secret_key)
        owner, store, link = self.opened(alice)
        depositor = Depositor(*link)
        depositor.deposit(*[self.seal(own, depositor, text) for own, text in ((away, "one"), (bob, "meanwhile"), (away, "two"))])
        document = {"id": away.did, "authentication": ["#key"], "verificationMethod": [
            {"id": "#key", "type": "Multikey", "controller": away.did, "publicKeyMultibase": new_identity(away.secret_key).did.split(":")[2]}]}
        asked = []

        def unreachable(did):
            asked.append(did)
            raise OSError("no network")
        store.collect(owner, lambda did: True, int(time.time()), resolvers={"web": unreachable})
        self.assertEqual(asked, [away.did])
        self.assertEqual([text for *_, text in store.read()], [b"meanwhile"])
        store.collect(owner, lambda did: True, int(time.time()), resolvers={"web": lambda did: (json.dumps(document).encode(), False)})
        self.assertEqual([text for *_, text in store.read()], [b"one", b"two"])

    def test_limits_and_refusals(self):                    # R-RLY-4
        alice = new_identity()
        owner, store, (url, token, did) = self.opened(alice)
        owner.let_in(token, waiting=1)
        depositor = Depositor(url, token, did)
        letters = [self.seal(new_identity(), depositor, "words") for _ in range(2)]
        for call, code in ((lambda: depositor.deposit(*letters), "full"), (lambda: Depositor(url, token[::-1], did).states("A" * 22), "token"),
                           (lambda: owner.ask("POST", "/v1/mailbox/answers", body=b"{}x"), "malformed")):
            with self.assertRaises(Refused) as caught:
                call()
            self.assertEqual(caught.exception.code, code)
        depositor.deposit(letters[0])
        owner.revoke(token)
        with self.assertRaises(Refused) as caught:
            depositor.deposit(letters[0])
        self.assertEqual(caught.exception.code, "token")
        store.collect(owner, lambda did: True, int(time.time()))        # what waits under a revoked token stays
        self.assertEqual([text for *_, text in store.read()], [b"words"])
        self.assertRaises(ValueError, Depositor, "http://relay.example/m/" + "A" * 22, token, did)

    def test_a_relay_that_is_killed_keeps_what_it_confirmed(self):      # R-RLY-1
        relay = Relay()
        self.addCleanup(relay.remove)
        alice, bob = new_identity(), new_identity()
        owner, store = Owner(relay.origin, alice, relay.did), Store(str(self.folder / "store"))
        url, token = owner.open()["url"], to_base64url(os.urandom(32))
        store.renew(owner, alice, int(time.time()))
        owner.let_in(token)
        depositor = Depositor(url, token, alice.did)
        for n in range(10):
            depositor.deposit(self.seal(bob, depositor, f"letter {n}"))
            if n % 3 == 0:
                relay.end(signal.SIGKILL)
                relay.start()
        store.collect(owner, lambda did: True, int(time.time()))
        self.assertEqual([text.decode() for *_, text in store.read()], [f"letter {n}" for n in range(10)])
