import { button, el, type Child } from "./dom.js";

/** A line of text that is asked for. */
export interface Field {
  readonly label: string;
  readonly value?: string | undefined;
  readonly hint?: string;
  readonly type?: "text" | "email" | "number";
  /** What is wrong with a text, in a sentence. */
  readonly faultOf?: (text: string) => string | undefined;
}

export interface Form {
  readonly fields: readonly Field[];
  readonly submit: string;
  readonly onSubmit: (texts: string[]) => Promise<unknown>;
  readonly onCancel?: (() => unknown) | undefined;
}

interface Row { readonly input: HTMLInputElement; readonly nodes: readonly Child[]; readonly wrong: () => boolean }

let rows = 0;

/** A form that sends nothing before every field is right, and leads to the first that is not. */
export function form({ fields, submit, onSubmit, onCancel }: Form): HTMLFormElement {
  const made = fields.map(row);
  const send = el("button", { type: "submit", class: "primary" }, submit);
  const onsubmit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wrong = made.filter((one) => one.wrong());
    if (wrong[0] !== undefined) return wrong[0].input.focus();
    send.disabled = true;
    await onSubmit(made.map(({ input }) => input.value.trim()));
    send.disabled = false;
  };
  return el("form", { novalidate: true, autocomplete: "off", onsubmit }, ...made.flatMap(({ nodes }) => nodes),
    el("p", { class: "actions" }, send, onCancel && button("Cancel", onCancel)));
}

function row({ label, value = "", hint, type = "text", faultOf }: Field): Row {
  const id = `field-${++rows}`;
  const [hintId, faultId] = [`${id}-hint`, `${id}-fault`];
  const input = el("input", { id, type, value, autocomplete: "off", spellcheck: "false", autocapitalize: "off", "aria-describedby": `${faultId} ${hint === undefined ? "" : hintId}`.trim(), required: faultOf !== undefined });
  const fault = el("p", { class: "fault", id: faultId, role: "alert" });
  const wrong = (): boolean => {
    const text = faultOf?.(input.value);
    fault.textContent = text ?? "";
    input.setAttribute("aria-invalid", String(text !== undefined));
    return text !== undefined;
  };
  return { input, wrong, nodes: [el("label", { for: id }, label), input, hint !== undefined && el("p", { class: "hint", id: hintId }, hint), fault] };
}
