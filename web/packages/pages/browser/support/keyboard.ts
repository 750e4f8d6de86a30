import { expect } from "vitest";
import type { Visit } from "./visit.js";

/** What has the focus, and whether whoever looks at the window sees that. */
interface Focus {
  readonly name: string;
  readonly fault: string;
}

/** What has the focus, by the name that a screen reader says. It is in sight, and marked. */
export async function focused({ page }: Visit): Promise<string> {
  const { name, fault } = await page.evaluate(lookAtFocus);
  expect(fault, `the focus on “${name}”`).toBe("");
  return name;
}

/** Runs in the page. */
async function lookAtFocus(): Promise<Focus> {
  const at = document.activeElement as HTMLElement;
  const label = at instanceof HTMLInputElement ? at.labels?.[0]?.textContent : at.textContent;
  const name = at === document.body ? "nothing" : at.getAttribute("aria-label") ?? label ?? "";
  // with the mark around it
  const isInWindow = ({ left, right, top, bottom }: DOMRect): boolean =>
    right > left && bottom > top && left >= 5 && right <= innerWidth - 5 && top >= 5 && bottom <= innerHeight - 5;
  // the window scrolls to it in the frames that follow
  for (let frame = 0; frame < 60 && !isInWindow(at.getBoundingClientRect()); frame++) await new Promise(requestAnimationFrame);
  const rect = at.getBoundingClientRect();
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  // until the first key is pressed, a page looks the same for everyone
  const marked = at.classList.contains("unmarked") || at.matches(":focus-visible") && outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2;
  const over = document.elementFromPoint(rect.x + rect.width / 2, rect.y + rect.height / 2);
  const covered = over !== null && !at.contains(over) && !over.contains(at);
  return { name, fault: !marked ? "is not marked" : !isInWindow(rect) ? "is out of sight" : covered ? "is covered" : "" };
}

/** Waits until something of this name has the focus. */
export async function expectFocus(on: Visit, name: string | RegExp): Promise<void> {
  await on.page.waitForFunction(() => document.activeElement !== document.body);
  await expect.poll(() => focused(on), { timeout: 10_000, interval: 20 }).toMatch(exactly(name));
}

/** Goes from one thing to the next until something of this name has the focus; each on the way is marked. */
export async function tabTo(on: Visit, name: string | RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const seen: string[] = [];
  while (seen.length < 60) {
    await on.page.keyboard.press(key);
    seen.push(await focused(on));
    if (exactly(name).test(seen.at(-1) ?? "")) return;
  }
  throw new Error(`${key} does not lead to ${name}, but to ${seen.join(", ")}`);
}

/** Goes to a button or link and presses a key there; then the view of this heading is there, and begins there. */
export async function go(on: Visit, name: string | RegExp, heading: string | RegExp, key: "Enter" | "Space" = "Enter"): Promise<void> {
  await tabTo(on, name);
  await on.page.keyboard.press(key);
  await expectFocus(on, heading);
}

/** Types into the field that has the focus, in place of what is there. */
export async function type({ page }: Visit, text: string): Promise<void> {
  await page.keyboard.press("Control+A");
  await page.keyboard.type(text);
}

function exactly(name: string | RegExp): RegExp {
  return typeof name === "string" ? new RegExp(`^${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) : name;
}
