import { el, present, button, type Child } from "./dom.js";

/** What the page shows: one heading, and what belongs to it. */
export interface View {
  readonly title: string;
  readonly body: readonly Child[];
  /** The part that was at work when the view was asked for, where that is not the whole. */
  readonly at?: HTMLElement | undefined;
}

let first = true;
/** Whether the visitor has pressed anything since the page came up. */
let pressed = false;

/** Replaces what is shown. The heading takes the focus, so that a screen reader begins there; not as the page comes up. */
export function show({ title, body, at }: View): void {
  const heading = el("h1", {}, title);
  const main = document.querySelector("main") as HTMLElement;
  main.replaceChildren(heading, ...present(body));
  document.title = `${title} · ${location.host}`;
  const start = at?.querySelector("h2") ?? heading;
  start.tabIndex = -1;
  // as the page comes up, a mark would only look like a field
  start.classList.toggle("unmarked", !pressed);
  if (!first) return start.focus();
  first = false;
  for (const press of ["keydown", "pointerdown"]) addEventListener(press, () => { pressed = true; }, { once: true, capture: true });
}

/** Begins a page, and again where the browser brings it back as it was: who is logged in may be another by then. */
export function begin(title: string, start: () => unknown): void {
  const go = (): void => {
    show(waiting(title));
    void start();
  };
  addEventListener("pageshow", ({ persisted }) => persisted && go());
  go();
}

export function waiting(text: string): View {
  return { title: text, body: [el("p", { class: "waiting" }, "One moment…")] };
}

/** Something long to copy: it wraps, and a button copies it. */
export function copyable(text: string, what: string): HTMLElement {
  return el("div", { class: "copyable" }, code(text), copyButton(text, what));
}

/** A DID or a link. It breaks between groups of four characters, so that its lines are of one length and can be compared. */
export function code(text: string): HTMLElement {
  return el("code", { class: "block" }, ...(text.match(/.{1,4}/gsu) ?? []).flatMap((group) => [group, el("wbr")]));
}

export function copyButton(text: string, what: string): HTMLElement {
  const said = el("span", { class: "said", role: "status" });
  const copy = button("Copy", async () => {
    const copied = await navigator.clipboard.writeText(text).then(() => true, () => false);
    said.textContent = copied ? "Copied" : "Could not copy: select the text instead";
  });
  copy.setAttribute("aria-label", `Copy ${what}`);
  return el("span", { class: "copy" }, copy, said);
}

/** The four words by which people recognise a DID, and the DID itself. */
export function didCard({ words, did }: { words: string; did: string }, what: string): HTMLElement {
  return el("div", { class: "did" }, el("p", { class: "words" }, words), copyable(did, what));
}

export function section(title: string, ...body: Child[]): HTMLElement {
  return el("section", {}, el("h2", {}, title), ...body);
}

export function fold(title: string, ...body: Child[]): HTMLDetailsElement {
  return el("details", {}, el("summary", {}, title), ...body);
}

/** Names and what they stand for. */
export function facts(rows: readonly (readonly [string, string])[]): HTMLElement {
  return el("dl", { class: "facts" }, ...rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** Something that is asked once more before it is done. */
export interface Confirmed {
  readonly label: string;
  /** For screen readers, where the label alone does not say it. */
  readonly what?: string;
  readonly question: string;
  readonly keep: string;
  readonly action: () => unknown;
}

/** A button that asks once more before it acts. */
export function confirmed({ label, what, question, keep, action }: Confirmed): HTMLElement {
  const onkeydown = (event: Event): void => {
    if ((event as KeyboardEvent).key === "Escape" && place.children.length > 1) leave();
  };
  const place = el("p", { class: "actions", onkeydown });
  const leave = (): void => {
    reset();
    place.querySelector("button")?.focus();
  };
  const ask = (): void => {
    const no = button(keep, leave);
    // the harmless answer stands where the pointer is
    place.replaceChildren(no, button(question, action, "danger"));
    no.focus();
  };
  const reset = (): void => {
    const first = button(label, ask);
    if (what !== undefined) first.setAttribute("aria-label", what);
    place.replaceChildren(first);
  };
  reset();
  return place;
}
