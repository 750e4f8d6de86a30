"""The conformance shim of didshake.py (spec/conformance.md): a JSON request a line in, its answer a line out."""
import json, sys
import didshake as d
from checks import CHECKS, KINDS, fetched, unhex
HELLO = dict(name="python", version="1", language="Python", roles=["initiator", "responder"], features=[
    *"codes random suite_2 test_suite web extensions token channel export mailbox".split(), *CHECKS])
TYPES = {"data": d.DATA, "close": d.CLOSE, "update": d.KEY_UPDATE, "alert": d.ALERT_RECORD}
NAMES = {d.DATA: "data", d.CLOSE: "close", d.KEY_UPDATE: "key_update"}
d.SUITES[0xFE01] = (0xFE00, d.ChaCha20Poly1305)             # the test suite (4.3), which didshake.py does not know
attempts = {}                                               # sid → its peer, its clock, the state that it is in
class Members(dict): __getattr__ = dict.get                 # q.token is None where there is no `token`
def new(q):
    a = attempts[q.sid] = d.Values(now=q.now)
    admit, rule = q.policy.admit, {"allow": True, "refuse_fragments": [], "refuse_dids": []} | q.policy.decision
    options = {k: [(x.id, x.critical, unhex(x.body)) for x in v] if "extens" in k else v for k, v in q.options.items()}
    if r := q.random:
        draws = iter(sum(zip(r.ephemeral_secrets or [r.ephemeral_secret], r.nonces or [r.nonce]), ()))
        options["random"] = lambda length: unhex(next(draws))
    a.peer = d.Peer([d.Identity(x.did, x.fragment, x.algorithm, unhex(x.secret_key)) for x in q.key],
        admit.did or (lambda did: admit.any or did.split(":")[1] in (admit.methods or [])),
        lambda x: rule["allow"] and x.fragment not in rule["refuse_fragments"] and x.did not in rule["refuse_dids"],
        binding=q.binding, prologue=unhex(q.prologue), clock=lambda: a.now,
        resolvers={"web": lambda did: fetched(q.resolver[did])}, **options)
    return went(a, *(d.start(a.peer) if q.role == "initiator" else (d.WaitHello(peer=a.peer), None)))
def went(a, state, message):
    a.state, answer = state, {"send": message} if message else {}
    if isinstance(state, d.WaitFinish): answer["token"] = state.name
    if isinstance(state, d.Channel):
        answer |= {"done": True, "out": {x: getattr(state, x) for x in ("peer", "session_id", "suite", "lifetime")}}
    return answer
def perform(q, a):
    match q.op:
        case "hello": return HELLO
        case "new": return new(q)
        case "recv":
            a.now, a.peer.endpoint = q.now or a.now, q.endpoint or ""
            state = a.state if q.token is None else d.WaitFinish(peer=a.peer, name=unhex(q.token))
            return went(a, *state.receive(unhex(q.wire)))
        case "seal": return {"send": a.state.send(TYPES[q.type], unhex(q.content), q.padding)}
        case "update" | "close": return {"send": a.state.send(TYPES[q.op], padding=q.padding)}
        case "open": kind, content = a.state.receive(unhex(q.wire)); return {"type": NAMES[kind], "content": content}
        case "export": return {"output": a.state.export(q.label.encode(), unhex(q.context), q.length)}
        case "free": return attempts.pop(q.sid) and {}
        case "check" | "make" if q.kind in KINDS[q.op]: return KINDS[q.op][q.kind](q)
        case _: return {"skip": f"no {q.op} {q.kind or ''}"}
for line in sys.stdin:
    try: q = json.loads(line, object_hook=Members); answer = perform(q, attempts.get(q.sid))
    except d.Fault as fault: answer = {"error": fault.code, "alert": fault.alert, "send": fault.answer}
    except Exception as error: answer = {"crash": repr(error)}
    print(json.dumps(answer, default=lambda x: x.hex() if isinstance(x, bytes) else vars(x)), flush=True)
