"""Section 15 of spec/didshake-1.md: origins, the HTTP binding of an initiator, signed requests of both sides.
What fails below the protocol is an OSError, HTTPException or ValueError."""
import base64, hashlib, hmac, http.client, ipaddress, os, re, socket, threading, time
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from didshake import BASE64URL, Peer, Values, WaitReply, check, export, from_base64url, start

# 15.2 Origins; hosts here are ASCII
def origin_of(url):
    parts = urlsplit(url); scheme, host, port = parts.scheme.replace("ws", "http", 1), parts.hostname or "", parts.port
    good = scheme in ("http", "https") and host and not re.search("[@%]", parts.netloc) and re.fullmatch(r"[!-\[\]-~]+", url)
    if not good: raise ValueError("no origin")
    if ":" in host: host = f"[{ipaddress.IPv6Address(host).compressed}]"
    elif re.fullmatch(r"[0-9]+|0x[0-9a-f]*", host.rstrip(".").rpartition(".")[2]): ipaddress.IPv4Address(host)
    return f"{scheme}://{host}" + ("" if port in (None, {"http": 80, "https": 443}[scheme]) else f":{port}")

# 15.4 HTTP
def http_request(method, url, headers, body, deadline, limit=65_536):   # no redirect, no proxy: (status, headers, body)
    parts, left = urlsplit(url), deadline - time.monotonic()
    if left <= 0: raise TimeoutError("R-LIMIT-2")
    kind = {"https": http.client.HTTPSConnection, "http": http.client.HTTPConnection}[parts.scheme]
    connection = kind(parts.hostname, parts.port, timeout=left); connection.connect()
    timer = threading.Timer(left, connection.sock.shutdown, [socket.SHUT_RDWR]); timer.start()  # against dripped bytes
    try:
        connection.request(method, (parts.path or "/") + (parts.query and "?" + parts.query), body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read(limit + 1)     # one more than any limit
    finally: timer.cancel(); connection.close()
def has_type(headers, wanted):                                      # exactly one; parameters and case are ignored
    return [x.partition(";")[0].strip().lower() for x in headers.get_all("Content-Type", [])] == [wanted]
def login(endpoint, own, expect, seconds=60):                       # 15.4 as initiator: a Session
    peer = Peer([own], expect, binding=3, prologue=origin_of(endpoint).encode())    # R-BIND-6
    deadline, headers = time.monotonic() + seconds, {"Content-Type": "application/didshake"}
    def post(message):
        status, fields, body = http_request("POST", endpoint, headers, message, deadline)
        good = status // 100 != 3 and has_type(fields, "application/didshake")
        if not good: raise ConnectionError(f"no answer, status {status}")
        return fields, body
    state, message = start(peer)
    while isinstance(state, WaitReply):
        fields, body = post(message)
        state, message = state.receive(body)
    tokens = fields.get_all("DIDShake-State", [])                   # R-BIND-11
    good = len(tokens) == 1 and 1 <= len(tokens[0]) <= 4_096 and re.fullmatch(BASE64URL, tokens[0])
    if not good: raise ConnectionError("DIDShake-State")
    headers["DIDShake-State"] = tokens[0]
    channel, _ = state.receive(post(message)[1])
    return Session(channel.session_id, origin_of(endpoint), request_key(channel.exporter), peer.clock(), channel.lifetime)

# 15.6 Later requests
_B64, _B64URL = r"([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)", r'"([A-Za-z0-9_-]{21}[AQgw])"'       # canonical; 32 and 16 bytes
COMPONENTS = '("@method" "@authority" "@path" "@query" "content-digest")'
FORMS = {"Content-Digest": f"sha-256=:{_B64}:", "Signature": f"didshake=:{_B64}:",
         "Signature-Input": "didshake=(" + re.escape(COMPONENTS) +
         rf';created=(0|[1-9][0-9]{{0,14}});nonce={_B64URL};keyid={_B64URL};alg="hmac-sha256";tag="didshake\.login/1")'}
def to_base64(raw): return base64.b64encode(raw).decode()
def to_base64url(raw): return base64.urlsafe_b64encode(raw).decode().rstrip("=")
def request_key(exporter): return export(exporter, b"didshake.login/1 request", b"", 32)
@dataclass
class Session:                                                      # of either side
    id: bytes; origin: str; request_key: bytes = field(repr=False); accepted: int; lifetime: int; used: bool = False
    def mac(self, method, path, query, digest, parameters):
        base = (f'"@method": {method}\n"@authority": {self.origin.partition("://")[2]}\n"@path": {path or "/"}\n'
                f'"@query": ?{query or ""}\n"content-digest": sha-256=:{digest}:\n"@signature-params": {parameters}')
        return to_base64(hmac.digest(self.request_key, base.encode(), "sha256"))
    def sign(self, method, path, query=None, body=b"", created=None, nonce=None):   # the three fields (R-REQ-2)
        created, nonce = int(time.time()) if created is None else created, nonce or os.urandom(16)
        if created >= self.accepted + self.lifetime: raise RuntimeError("the session is over (R-INIT-10)")
        digest = to_base64(hashlib.sha256(body).digest())
        parameters = (f'{COMPONENTS};created={created};nonce="{to_base64url(nonce)}";keyid="{to_base64url(self.id)}"'
                      ';alg="hmac-sha256";tag="didshake.login/1"')
        return {"Content-Digest": f"sha-256=:{digest}:", "Signature-Input": "didshake=" + parameters,
                "Signature": f"didshake=:{self.mac(method, path, query, digest, parameters)}:"}
    def request(self, method, path, query=None, body=b"", seconds=10):
        url, fields = self.origin + (path or "/") + (f"?{query}" if query else ""), self.sign(method, path, query, body)
        return http_request(method, url, fields, body or None, time.monotonic() + seconds)
def take_request(sessions, burned, origin, now, method, path, query, body, fields):
    """The service: `fields` has all values of each of the three, `origin` is the configured one that is asked (R-REQ-9)."""
    check(fields["Signature-Input"] or fields["Signature"], "request_unsigned")
    check(all(len(values) == 1 and len(values[0].strip(" \t")) <= 512 for values in fields.values()), "request_malformed")
    found = {name: re.fullmatch(FORMS[name], values[0].strip(" \t")) for name, values in fields.items()}
    check(all(found.values()), "request_malformed")
    digest, mac, parameters, created, nonce, id = (group for name in ("Content-Digest", "Signature", "Signature-Input")
                                                   for group in found[name].groups())
    check(abs(int(created) - now) <= 60, "request_time")
    session = sessions.get(id)                                      # by session_id in base64url
    live = session and now - session.accepted < (session.lifetime if session.used else min(session.lifetime, 60))
    check(live and session.origin == origin, "request_session")
    check(hmac.compare_digest(session.mac(method, path, query, digest, parameters), mac), "request_signature")
    check(to_base64(hashlib.sha256(body).digest()) == digest, "request_digest")
    mine = Values(until=int(created) + 61); check(burned.setdefault((id, nonce), mine) is mine, "request_replayed")
    session.used = True
    return session
