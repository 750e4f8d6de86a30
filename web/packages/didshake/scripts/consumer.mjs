// Runs in a project of its own that has the packed package: its exports map, a handshake and a letter between the examples.
import * as didshake from "didshake";
import * as card from "didshake/card";
import * as mailbox from "didshake/mailbox";
import * as relay from "didshake/relay";
import * as websocket from "didshake/websocket";
import * as webvh from "didshake/webvh";
import manifest from "didshake/package.json" with { type: "json" };
import { connect } from "./out/initiator.js";
import { openMailbox, read, write } from "./out/mailbox.js";
import { accept } from "./out/responder.js";

/** A queue between two sides. */
function pipe() {
  const [messages, waiting] = [[], []];
  return {
    send: (message) => (waiting.length > 0 ? waiting.shift()(message) : messages.push(message)),
    receive: () => new Promise((resolve) => (messages.length > 0 ? resolve(messages.shift()) : waiting.push(resolve))),
  };
}

for (const inner of ["didshake/dist/index.js", "didshake/dist/suites.js", "didshake/mailbox/hpke.js", "didshake/src/index.ts"]) {
  const code = await import(inner).then(() => "imported", (fault) => fault.code);
  if (code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw new Error(`${inner}: ${code}`);
}
const signer = didshake.SoftwareSigner.fromSecret(didshake.ES256, new Uint8Array(32).fill(7));
const identity = { did: didshake.didKey(signer.publicKey), fragment: "", signer };
const [up, down] = [pipe(), pipe()];
const [initiator, responder] = await Promise.all([
  connect(new Uint8Array(32).fill(9), identity.did, (message) => (up.send(message), down.receive())),
  accept(identity, up.receive, down.send),
]);
if (didshake.methodUrl(responder.peer.did, "") === "" || `${initiator.sessionId}` !== `${responder.sessionId}`) throw new Error("no handshake");
const keys = await openMailbox(identity);
const letter = await read(await write(identity, identity.did, keys.signedKey, "a letter"), [keys], [identity.did]);
if (letter !== "a letter") throw new Error("no letter");
const made = await card.makeCard({ identity, endpoints: ["wss://owner.example/"], name: "Owner", clock: didshake.systemClock });
const seen = await card.verifyCard(card.cardOfLink(card.cardLink(made)), { meant: { any: true }, clock: didshake.systemClock });
if (seen.owner.did !== identity.did || seen.name !== "Owner") throw new Error("no card");
const counts = [didshake, websocket, mailbox, card, relay, webvh].map((exports) => Object.keys(exports).length).join(", ");
console.log(`a project that has ${manifest.name} ${manifest.version}: ${counts} values exported, a handshake, a letter and a card made`);
