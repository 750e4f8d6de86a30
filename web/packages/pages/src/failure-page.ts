import { button, el, type Child } from "./dom.js";
import type { Failure } from "./failure.js";
import { show } from "./view.js";

/** Shows a failure: what happened, what can be done, a way on, and the code for support. */
export function showFailure(failure: Failure, again: () => unknown, ...more: Child[]): void {
  show({
    title: failure.title,
    body: [
      ...failure.happened.map((text) => el("p", {}, text)),
      el("h2", {}, "What you can do"),
      el("ul", { class: "todo" }, ...failure.todo.map((text) => el("li", {}, text))),
      failure.again && el("p", { class: "actions" }, button("Try again", again, "primary")),
      ...more,
      el("p", { class: "code" }, "For support: ", el("code", {}, failure.code)),
    ],
  });
}
