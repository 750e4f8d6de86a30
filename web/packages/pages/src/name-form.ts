import { form } from "./form.js";
import { nameFault } from "./identities.js";

/** How a name is asked for. */
export interface NameForm {
  readonly value?: string;
  readonly label: string;
  readonly submit: string;
  /** Who sees the name; nobody else, unless given. */
  readonly seen?: string;
  readonly taken: readonly string[];
  readonly onName: (name: string) => Promise<unknown>;
  readonly onCancel?: () => unknown;
}

/** A form that asks for the name of a key. */
export function nameForm({ value, label, submit, seen = "Only this browser knows it.", taken, onName, onCancel }: NameForm): HTMLFormElement {
  const hint = `A word of your own, 1 to 40 characters. ${seen}`;
  return form({
    submit, onCancel, fields: [{ label, value, hint, faultOf: (name) => nameFault(name, taken) }],
    onSubmit: ([name = ""]) => onName(name),
  });
}
