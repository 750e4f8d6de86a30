"""Section 15: signed requests, origins, login over HTTP."""
import contextlib, io, json, threading, time, unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
import bindings
import didshake
import login
from bindings import Session, request_key, to_base64url
from didshake import Channel, Fault, Peer, WaitFinish, WaitHello
from login import new_identity
from test_didshake import SPEC, load
from test_loopback import p256_identity


class Requests(unittest.TestCase):
    maxDiff = None

    def test_requests(self):
        taken = refused = 0
        for vector in load("request"):
            with self.subTest(vector["id"]):
                s, r = vector["service"], vector["request"]
                exported = {x["id"]: bytes.fromhex(x["exporter"]) for x in s["sessions"]}
                key = {i: request_key(x) for i, x in exported.items()}
                sessions = {to_base64url(bytes.fromhex(x["id"])): Session(bytes.fromhex(x["id"]), x["origin"], key[x["id"]], x["accepted"], x["lifetime"], used=x["used"])
                            for x in s["sessions"]}
                burned = {(to_base64url(bytes.fromhex(x["session_id"])), to_base64url(bytes.fromhex(x["nonce"]))): s["now"] for x in s["burned"]}
                fields = {"Content-Digest": r["content_digest"], "Signature-Input": r["signature_input"], "Signature": r["signature"]}
                call = lambda: bindings.take_request(sessions, burned, s["origin"], s["now"], r["method"], r["path"], r["query"], bytes.fromhex(r["body"]), fields)
                if vector["kind"] == "negative":
                    with self.assertRaises(Fault) as caught:
                        call()
                    self.assertEqual(caught.exception.code, vector["fails"]["error"])
                    self.assertEqual(len(burned), len(s["burned"]))
                    refused += 1
                    continue
                c, signed = vector["client"], vector["signed"]
                exporter = bytes.fromhex(c["exporter"])
                self.assertEqual(request_key(exporter).hex(), signed["request_key"])
                client = Session(bytes.fromhex(c["session_id"]), c["origin"], bytes.fromhex(signed["request_key"]), c["created"], 1)
                made = client.sign(r["method"], r["path"], r["query"], bytes.fromhex(r["body"]), c["created"], bytes.fromhex(c["nonce"]))
                self.assertEqual({k: [v] for k, v in made.items()}, fields)
                session, before = call(), len(s["burned"])
                b = vector["burns"]
                self.assertEqual(len(burned), before + 1)
                self.assertGreaterEqual(burned[to_base64url(bytes.fromhex(b["session_id"])), to_base64url(bytes.fromhex(b["nonce"]))].until, b["until"])
                self.assertTrue(session.used)
                taken += 1
        print(f"\nrequests: {taken} signed byte for byte and taken, {refused} refused with the expected code")
        self.assertEqual((taken, refused), (34, 186))

    def test_worked_request(self):                         # 20.2
        session = Session(bytes.fromhex("35763af772567b301697da4c892fd474"), "https://login.example:8443", request_key(bytes.fromhex(
            "33887e961d79836b3cc57ff9b5a6390b0d56e42215c5fe504df595af4958b7b9")), 1767225600, 3600)
        made = session.sign("POST", "/v1/notes", "draft=1", b'{"note":"every byte counts"}', 1767225610, bytes.fromhex("b80b9993749ae0f2578befc87a7a95ee"))
        text = SPEC.read_text().split("**The request**")[1]
        for name, value in made.items():
            self.assertIn(f"{name}: {value}\n", text)

    def test_origins(self):                                # 15.2
        for url, origin in (("https://Example.COM/x?y#z", "https://example.com"), ("wss://example.com:443", "https://example.com"),
                            ("https://example.com:8443/", "https://example.com:8443"), ("ws://h:80/", "http://h"), ("http://[::1]:8080", "http://[::1]:8080"),
                            ("http://[::FFFF:192.0.2.1]/", "http://[::ffff:c000:201]"), ("http://127.0.0.1:8400/a", "http://127.0.0.1:8400"),
                            ("http://[2001:db8:0:0:1:0:0:1]/", "http://[2001:db8::1:0:0:1]")):
            self.assertEqual(bindings.origin_of(url), origin)
        for url in ("https://u@h/", "https://h\\@x/", "http://127.1/", "http://0x7f.0.0.1/", "ftp://h/", "https:///x", "https://h/\u00e9", "http://h:99999/",
                    "http://2130706433/", "http://h/ x", "http://[fe80::1%25x]/", "null", ""):
            with self.subTest(url), self.assertRaises(ValueError):
                bindings.origin_of(url)


class Service(BaseHTTPRequestHandler):
    """A service for tests only, on the responder of didshake.py: /didshake, /v1/session, /.well-known/didshake."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def give(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        s, message = self.server, self.rfile.read(int(self.headers["Content-Length"]))
        s.seen.append(message)
        kind = [("Content-Type", s.media_type)]
        token = self.headers.get("DIDShake-State", "")
        state = WaitFinish(peer=s.peer, name=didshake.from_base64url(token, "x") if token else b"") if message[:1] == b"\x03" else WaitHello(peer=s.peer)
        if s.redirect:
            return self.give(307, kind + [("Location", "/other")])
        try:
            following, answer = state.receive(message)
        except Fault as fault:
            return self.give(401, kind + [("WWW-Authenticate", "DIDShake")], b"".join(fault.answer))
        if isinstance(following, WaitFinish):
            kind += [("DIDShake-State", x) for x in s.tokens or [to_base64url(following.__dict__["name"])]]
        elif isinstance(following, Channel):
            key = request_key(following.exporter)
            s.sessions[to_base64url(following.session_id)] = Session(following.session_id, s.origin, key, int(time.time()), following.lifetime)
        self.give(200, kind, answer)

    def do_GET(self):
        s = self.server
        if self.path == "/.well-known/didshake":
            claim = {"did": s.peer.identities[0].did, "endpoint": s.endpoint or s.origin + "/didshake", "versions": [1], "suites": [1, 2]}
            return self.give(200, [("Content-Type", "application/json")], json.dumps(claim).encode())
        fields = {name: self.headers.get_all(name, []) for name in bindings.FORMS}
        path, _, query = self.path.partition("?")
        try:
            session = bindings.take_request(s.sessions, s.burned, s.origin, int(time.time()), "GET", path, query, b"", fields)
        except Fault as fault:
            s.log.append(fault.code)
            return self.give(401, [("WWW-Authenticate", "DIDShake")])
        self.give(200, [("Content-Type", "application/json")], json.dumps({"session": session.id.hex(), "path": self.path}).encode())


class Http(unittest.TestCase):
    def setUp(self):
        self.server = s = HTTPServer(("127.0.0.1", 0), Service)
        s.origin = f"http://127.0.0.1:{s.server_port}"
        s.peer = Peer([p256_identity()], lambda did: True, binding=3, prologue=s.origin.encode(), endpoint="/didshake")
        s.sessions, s.burned, s.log, s.seen, s.redirect, s.tokens, s.media_type, s.endpoint = {}, {}, [], [], False, [], "Application/DIDShake; x=1", None
        threading.Thread(target=s.serve_forever, daemon=True).start()
        self.addCleanup(s.server_close)
        self.addCleanup(s.shutdown)
        self.did = s.peer.identities[0].did

    def test_login_and_requests(self):
        s = self.server
        session = bindings.login(s.origin + "/didshake", new_identity(), self.did)
        for query in (None, "", "a=b&c"):
            status, headers, body = session.request("GET", "/v1/session", query)
            self.assertEqual((status, json.loads(body)["session"]), (200, session.id.hex()))
        fields = session.sign("GET", "/v1/session")
        for expected in (200, 401):                        # the second time it is a replay
            status, _, _ = bindings.http_request("GET", s.origin + "/v1/session", fields, None, time.monotonic() + 5)
            self.assertEqual(status, expected)
        status, _, _ = bindings.http_request("GET", s.origin + "/v1/session", {}, None, time.monotonic() + 5)
        self.assertEqual(s.log, ["request_replayed", "request_unsigned"])
        session.lifetime = 0
        self.assertRaises(RuntimeError, session.sign, "GET", "/")

    def test_what_makes_it_give_up(self):
        s, own = self.server, new_identity()
        with self.assertRaises(Fault) as caught:
            bindings.login(s.origin + "/didshake", own, new_identity().did)
        self.assertEqual((caught.exception.code, len(s.seen)), ("not_admitted", 1))    # nothing is sent after it (R-BIND-13)
        s.peer.admit = lambda did: False
        with self.assertRaises(Fault) as caught:
            bindings.login(s.origin + "/didshake", own, self.did)
        self.assertEqual(caught.exception.code, "peer_alert")
        s.peer.admit = lambda did: True
        for changed in (dict(redirect=True), dict(media_type="text/plain"), dict(tokens=["a"]), dict(tokens=["AA", "AA"]), dict(tokens=["A" * 4097]),
                        dict(tokens=[""]), dict(tokens=["AB"]), dict(tokens=["AA=="])):
            before = dict(s.__dict__)
            s.__dict__.update(changed)
            with self.subTest(changed), self.assertRaises(ConnectionError):
                bindings.login(s.origin + "/didshake", own, self.did)
            s.__dict__.update({k: before[k] for k in changed})
        s.peer.prologue = b"http://other.example"          # a relay
        with self.assertRaises(Fault) as caught:
            bindings.login(s.origin + "/didshake", own, self.did)
        self.assertEqual(caught.exception.code, "sealed_part_not_opened")

    def test_command_line(self):
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            login.main([self.server.origin, "--expect", self.did])
        self.assertEqual(json.loads(output.getvalue())["path"], "/v1/session")
        self.server.endpoint = "http://127.0.0.1:1/elsewhere"
        with self.assertRaises(SystemExit):                # R-BIND-16
            login.main([self.server.origin, "--expect", self.did])
