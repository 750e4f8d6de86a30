import { ACCEPT, ALERT, FINISH, REPLY } from "../../didshake/src/messages.js";
import { el, unseen } from "./dom.js";
import { inspector } from "./inspector.js";
import type { WireMessage } from "./wire.js";

type State = "waiting" | "doing" | "done" | "failed";

const LABELS = [
  { ahead: "Send a Hello", done: "Hello sent" },
  { ahead: "The service proves who it is", done: "The service proved who it is" },
  { ahead: "You prove who you are", done: "You proved who you are" },
  { ahead: "The service accepts", done: "Accepted" },
] as const;

interface Step { readonly item: HTMLLIElement; readonly label: HTMLElement; readonly state: HTMLElement; readonly bytes: HTMLElement }

/** The four steps of a login, as they happen, each with its messages. */
export class Steps {
  readonly node: HTMLElement;
  readonly #steps: readonly Step[] = LABELS.map(({ ahead }) => makeStep(ahead));
  readonly #said = el("p", { class: "unseen", role: "status", "aria-live": "polite" });
  #done = 0;

  constructor() {
    this.node = el("div", {}, el("ol", { class: "steps" }, ...this.#steps.map(({ item }) => item)), this.#said);
    this.#mark(0, "doing", LABELS[0].ahead);
  }

  /** A message went by. The protocol sends each one only when all before it were verified. */
  saw(message: WireMessage): void {
    const type = message.bytes[0];
    const last = { [REPLY]: 1, [FINISH]: 2, [ACCEPT]: 3 }[type ?? 0];
    if (type === REPLY) this.#finish(1);
    if (type === FINISH) this.#finish(2);
    this.#steps[type === ALERT ? this.#done : last ?? 0]?.bytes.append(inspector(message));
  }

  /** The last two steps are done: Accept has opened, and the session stands. */
  accepted(until: string): void {
    this.#finish(4, `Accepted, until ${until}`);
  }

  failed(): void {
    const label = LABELS[this.#done];
    if (label !== undefined) this.#mark(this.#done, "failed", `${label.ahead}: this failed`);
  }

  /** All steps before the given count are done. */
  #finish(count: number, lastLabel?: string): void {
    for (; this.#done < count; this.#done++) {
      const label = (this.#done === 3 ? lastLabel : undefined) ?? LABELS[this.#done]?.done ?? "";
      this.#mark(this.#done, "done", label);
    }
    const next = LABELS[count];
    if (next !== undefined) this.#mark(count, "doing", next.ahead);
  }

  #mark(at: number, state: State, label: string): void {
    const step = this.#steps[at];
    if (step === undefined) return;
    step.item.className = state;
    step.label.textContent = label;
    step.state.textContent = state === "doing" ? " (under way)" : state === "waiting" ? " (not yet)" : "";
    if (state !== "doing") this.#said.textContent = `Step ${at + 1} of 4: ${label}`;
  }
}

function makeStep(ahead: string): Step {
  const label = el("span", { class: "label" }, ahead);
  const state = unseen(" (not yet)");
  const bytes = el("div", { class: "messages" });
  return { item: el("li", { class: "waiting" }, label, state, bytes), label, state, bytes };
}
