import { button, el } from "./dom.js";
import { nameFault } from "./identities.js";

/** How a name is asked for. */
export interface NameForm {
  readonly value?: string;
  readonly label: string;
  readonly submit: string;
  readonly taken: readonly string[];
  readonly onName: (name: string) => Promise<unknown>;
  readonly onCancel?: () => unknown;
}

let forms = 0;

/** A form that asks for the name of a key. */
export function nameForm({ value = "", label, submit, taken, onName, onCancel }: NameForm): HTMLFormElement {
  const [id, hint] = [`name-${++forms}`, `name-${forms}-hint`];
  const input = el("input", { id, type: "text", value, autocomplete: "off", spellcheck: "false", "aria-describedby": hint, required: true });
  const fault = el("p", { class: "fault", role: "alert" });
  const send = el("button", { type: "submit", class: "primary" }, submit);
  const onsubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wrong = nameFault(input.value, taken);
    fault.textContent = wrong ?? "";
    input.toggleAttribute("aria-invalid", wrong !== undefined);
    if (wrong !== undefined) return input.focus();
    send.disabled = true;
    await onName(input.value.trim());
    send.disabled = false;
  };
  return el("form", { novalidate: true, onsubmit },
    el("label", { for: id }, label), input,
    el("p", { class: "hint", id: hint }, "A word of your own, 1 to 40 characters. Only this browser knows it."), fault,
    el("p", { class: "actions" }, send, onCancel && button("Cancel", onCancel)));
}
