import { el } from "./dom.js";
import { fold } from "./view.js";

/** What the page says about itself. */
export function limits(): HTMLElement {
  const point = (title: string, text: string): HTMLElement => el("li", {}, el("strong", {}, title), ` ${text}`);
  return fold("What this page cannot protect you from",
    el("ul", {},
      point("The service itself.", "The script that checks the service came from the service. If its server is broken into, it can send another script, one that checks nothing. Where that matters, log in with the didshake program, or an app with a fixed version."),
      point("Other software in your browser.", "Extensions and malware can see and do what you can. They cannot copy the key, but they can use it while the browser runs."),
      point("An address that looks alike.", "A key belongs to one address. At another, this page finds no key and knows no service: if you are asked to create one again, look at the address first."),
      point("Whoever uses this device.", "The key has no password of its own. Lock the screen.")));
}
