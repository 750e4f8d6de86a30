export type Child = Node | string | undefined | false;
type Listener = (event: Event) => unknown;
export type Attributes = Readonly<Record<string, string | number | boolean | undefined | Listener>>;

/** An element with attributes, listeners (`onclick` and so on), and children; text is only ever text. */
export function el<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== undefined && value !== false) node.setAttribute(name, String(value));
  }
  node.append(...present(children));
  return node;
}

export function present(children: readonly Child[]): (Node | string)[] {
  return children.filter((child) => child !== undefined && child !== false);
}

/** A button, which does nothing while what it did last is under way. */
export function button(label: string, onPress: () => unknown, kind: "primary" | "quiet" | "danger" = "quiet"): HTMLButtonElement {
  let busy = false;
  const onclick = async (event: Event): Promise<void> => {
    // the second half of a double click was meant for what stood here before
    if (busy || (event as UIEvent).detail > 1) return;
    busy = true;
    try {
      await onPress();
    } finally {
      busy = false;
    }
  };
  return el("button", { type: "button", class: kind, onclick }, label);
}

/** Text for screen readers alone. */
export function unseen(text: string): HTMLElement {
  return el("span", { class: "unseen" }, text);
}
