import { button, el } from "./dom.js";
import { failureOf, type Failure } from "./failure.js";
import { showFailure } from "./failure-page.js";
import { moment } from "./format.js";
import { ask, Refused, type Session } from "./session.js";
import { didCard, facts, section, show, waiting } from "./view.js";
import { wordsOf } from "./words.js";

/** A login of the didshake program that wants to go on in a browser. Times are Unix seconds. */
interface Link {
  readonly did: string;
  readonly verification_method: string;
  readonly name: string | null;
  /** The address of whoever logged in. */
  readonly client: string | null;
  readonly created: number;
  /** When the session ends; the link lasts half a minute from when it was made. */
  readonly expires: number;
}

/** Where a link leads, and from where. */
export interface Entrance {
  readonly secret: string;
  readonly path: string;
  readonly session: Session | undefined;
  readonly onCancel: () => unknown;
}

/** Shows who comes in by a link. Nothing happens before the button is pressed. */
export async function showLink(entrance: Entrance): Promise<void> {
  show(waiting("Log in from the didshake program"));
  try {
    const { secret } = entrance;
    showWho(entrance, (await (await ask("POST", "/v1/link/look", [200], { secret })).json()) as Link);
  } catch (fault) {
    failed(fault, entrance);
  }
}

function showWho(entrance: Entrance, { did, name, client, created, expires }: Link): void {
  const { session, onCancel } = entrance;
  const words = wordsOf(did);
  const who = name === null || name === "" ? words : name;
  show({
    title: `Log in here as ${who}?`,
    body: [
      el("p", { class: "note warning", role: "alert" }, el("strong", {}, "If you did not start this yourself, close this page."),
        " Otherwise you would be at work in somebody else's account, and they could see what you do there."),
      section("Who comes in", didCard({ did, words }, "the DID"),
        facts([["Account", name === null || name === "" ? "none" : name], ["Logged in", moment(created)], ["Session", `until ${moment(expires)}`], ["From", client ?? "an address that was not recorded"]])),
      session !== undefined && el("p", {}, session.did === did
        ? "This browser has a session of the same identity already. The new one takes its place, and the other ends."
        : `This browser has a session of ${wordsOf(session.did)}. The new one takes its place, and the other ends.`),
      el("p", { class: "actions" }, button(`Log in as ${who}`, () => enter(entrance), "primary"), button("Cancel", onCancel)),
      el("p", { class: "hint" }, `The link can be used once, within half a minute. It leads to ${entrance.path}.`),
    ],
  });
}

async function enter(entrance: Entrance): Promise<void> {
  const { secret, path } = entrance;
  show(waiting("Logging in"));
  try {
    await ask("POST", "/v1/link/enter", [204], { secret });
  } catch (fault) {
    return failed(fault, entrance);
  }
  // nothing leads back to a link that is used up
  location.replace(path);
}

function failed(fault: unknown, entrance: Entrance): void {
  const over = fault instanceof Refused && [400, 404, 413].includes(fault.status);
  const goOn = el("p", { class: "actions" }, button("Log in with a key of this browser", entrance.onCancel));
  showFailure(over ? linkOver() : failureOf(fault), () => showLink(entrance), goOn);
}

function linkOver(): Failure {
  return {
    title: "This link is used up or over",
    happened: ["A link that logs a browser in can be used once, within half a minute. This one was used, its time has passed, or it was cut off."],
    todo: ["Run didshake login --browser again, and open the link that it prints at once."],
    code: "link, status 404", again: false,
  };
}
