"""What didshake.py and its library say of Ed25519 keys and signatures, against section 6.2 in integers, step by step."""
import functools, hashlib, itertools, random, unittest
import didshake
from didshake import Fault, d, p
from login import new_identity

# A point is (X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z
L = 2**252 + 27742317777372353535851937790883648493
NEUTRAL = (0, 1, 1, 0)


def decode(raw):                                           # lenient: who needs a canonical encoding compares encode
    y = int.from_bytes(raw, "little") % 2**255
    xx = (y * y - 1) * pow(d * y * y + 1, -1, p) % p
    x = pow(xx, (p + 3) // 8, p)
    if x * x % p != xx:
        x = x * pow(2, (p - 1) // 4, p) % p
    if x & 1 != raw[31] >> 7:
        x = -x % p
    return (x, y % p, 1, x * y % p) if x * x % p == xx else None


def encode(P):
    z = pow(P[2], -1, p)
    return (P[1] * z % p | (P[0] * z % p & 1) << 255).to_bytes(32, "little")


def add(P, Q):
    a, b, c, e = (P[1] - P[0]) * (Q[1] - Q[0]), (P[1] + P[0]) * (Q[1] + Q[0]), 2 * P[3] * Q[3] * d, 2 * P[2] * Q[2]
    return (b - a) * (e - c) % p, (e + c) * (b + a) % p, (e - c) * (e + c) % p, (b - a) * (b + a) % p


def mul(n, P):
    return functools.reduce(lambda Q, bit: add(add(Q, Q), P) if bit == "1" else add(Q, Q), f"{n:b}", NEUTRAL)


def small_order(P):
    return encode(mul(8, P)) == encode(NEUTRAL)


B = decode((4 * pow(5, -1, p) % p).to_bytes(32, "little"))


def key_is_valid(raw):                                     # step 1
    A = decode(raw)
    return bool(A and encode(A) == raw and not small_order(A))


def challenge(R, A, M):                                    # step 4
    return int.from_bytes(hashlib.sha512(R + A + M).digest(), "little") % L


def signature_is_valid(A, signature, M):                   # steps 2, 3, 5
    R, S = signature[:32], int.from_bytes(signature[32:], "little")
    if S >= L or (P := decode(R)) and small_order(P):
        return False
    X, Y, Z, T = decode(A)
    return encode(add(mul(S, B), mul(challenge(R, A, M), (-X, Y, Z, -T)))) == R


def accepted(function, *arguments):
    try:
        function(*arguments)
    except Fault:
        return False
    return True


def torsion(rng):                                          # the eight points of small order
    for raw in iter(lambda: rng.randbytes(32), None):
        if (P := decode(raw)) and encode(mul(4, Q := mul(L, P))) != encode(NEUTRAL):
            return [mul(n, Q) for n in range(8)]


class Ed25519(unittest.TestCase):
    def setUp(self):
        self.rng = random.Random(2)
        self.torsion = torsion(self.rng)

    def test_keys(self):
        special = [0, 1, p - 1, *range(p, 2**255), *(int.from_bytes(encode(P), "little") % 2**255 for P in self.torsion)]
        verdicts = set()
        for y in special + [self.rng.randrange(2**255) for _ in range(100)]:
            for sign in (0, 1):
                raw = (y | sign << 255).to_bytes(32, "little")
                with self.subTest(raw.hex()):
                    self.assertEqual(accepted(didshake.valid_key, 1, raw), verdict := key_is_valid(raw))
                    verdicts.add(verdict)
        self.assertEqual(len({encode(P) for P in self.torsion}), 8)
        self.assertEqual(verdicts, {True, False})

    def test_signatures_with_points_of_small_order(self):
        verdicts = {True: 0, False: 0}
        for in_key, in_R in itertools.product(self.torsion, repeat=2):
            a, r, M = self.rng.randrange(1, L), self.rng.choice((0, self.rng.randrange(L))), self.rng.randbytes(9)
            A, R = encode(add(mul(a, B), in_key)), encode(add(mul(r, B), in_R))
            S = (r + challenge(R, A, M) * a) % L           # holds with the cofactor, whatever is of small order
            for s in (S, S + L):
                signature = R + s.to_bytes(32, "little")
                verdict = signature_is_valid(A, signature, M)
                self.assertEqual(accepted(didshake.verify_ed25519, A, signature, M), verdict)
                verdicts[verdict] += 1
        self.assertGreater(min(verdicts.values()), 0)

    def test_signatures_and_one_changed_bit(self):
        for _ in range(30):
            own, M = new_identity(self.rng.randbytes(32)), self.rng.randbytes(self.rng.randrange(80))
            A = didshake.valid_key(*didshake.multikey(own.did[8:], "x"))
            signature = own.sign(M)
            at = self.rng.randrange(64)
            changed = signature[:at] + bytes([signature[at] ^ 1 << self.rng.randrange(8)]) + signature[at + 1:]
            for text, verdict in ((signature, True), (changed, False)):
                self.assertEqual(signature_is_valid(A, text, M), verdict)
                self.assertEqual(accepted(didshake.verify_ed25519, A, text, M), verdict)


if __name__ == "__main__":
    unittest.main()
