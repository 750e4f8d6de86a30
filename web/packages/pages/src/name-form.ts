import { form } from "./form.js";
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

/** A form that asks for the name of a key. */
export function nameForm({ value, label, submit, taken, onName, onCancel }: NameForm): HTMLFormElement {
  const hint = "A word of your own, 1 to 40 characters. Only this browser knows it.";
  return form({
    submit, onCancel, fields: [{ label, value, hint, faultOf: (name) => nameFault(name, taken) }],
    onSubmit: ([name = ""]) => onName(name),
  });
}
