"""Log in and make one signed request: python login.py http://127.0.0.1:8400 --expect DID"""
import argparse, http.client, json, os, sys, time
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from bindings import has_type, http_request, login, origin_of
from didshake import BASE58, Fault, Identity, strict_json

def encode_base58(raw):                                    # of bytes that do not begin with zero
    n, text = int.from_bytes(raw, "big"), ""
    while n: n, digit = divmod(n, 58); text = BASE58[digit] + text
    return text

def new_identity(secret_key=None):                         # a did:key with Ed25519 (8.1); a new one unless the key is given
    secret_key = secret_key or os.urandom(32)
    public_key = Ed25519PrivateKey.from_private_bytes(secret_key).public_key().public_bytes_raw()
    return Identity("did:key:z" + encode_base58(b"\xed\x01" + public_key), "", 1, secret_key)

def endpoint_of(url):                                      # 15.5; a claim, that has to lie on its origin (R-BIND-16)
    origin = origin_of(url)
    if not origin.startswith(("https://", "http://127.", "http://[::1]")): raise ValueError("neither https nor loopback")
    status, headers, body = http_request("GET", origin + "/.well-known/didshake", {}, None, time.monotonic() + 10)
    good = status == 200 and len(body) <= 65_536 and has_type(headers, "application/json")
    if not good: raise ConnectionError("no /.well-known/didshake")
    endpoint = strict_json(body, "discovery", "discovery").get("endpoint")
    if not isinstance(endpoint, str) or origin_of(endpoint) != origin: raise ValueError("the endpoint is not on this origin")
    return endpoint

def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="the service's origin")
    parser.add_argument("--expect", required=True, metavar="DID", help="the DID that is meant; no other is accepted")
    parser.add_argument("--key", metavar="FILE", help="32-byte Ed25519 seed as hexadecimal; without it a new identity is made")
    options = parser.parse_args(arguments)
    try:
        own = new_identity(bytes.fromhex(open(options.key).read().strip()) if options.key else None)
        status, _, body = login(endpoint_of(options.url), own, options.expect).request("GET", "/v1/session")
        if status != 200: raise ConnectionError(f"GET /v1/session: status {status}")
        print(json.dumps(json.loads(body), indent=2))
    except (Fault, OSError, ValueError, http.client.HTTPException) as failure: sys.exit(f"{type(failure).__name__}: {failure}")

if __name__ == "__main__": main()
