import { button, el, type Child } from "./dom.js";
import { failureOf } from "./failure.js";
import { showFailure } from "./failure-page.js";
import type { Identities, Identity } from "./identities.js";
import { limits } from "./limits.js";
import { nameForm } from "./name-form.js";
import { serviceSection, type Service } from "./service.js";
import { code, didCard, fold, section, show } from "./view.js";

/** What the home view works with. */
export interface Home {
  readonly identities: Identities;
  readonly service: Service;
  readonly onLogin: (identity: Identity) => unknown;
  readonly onRecover: () => unknown;
  /** What the key is for, where it is for an invite. */
  readonly invited?: { readonly title: string; readonly intro: readonly Child[] } | undefined;
}

/** Who wants to log in: one click for whoever has a key, and the way to a key for everyone else. */
export async function showHome(home: Home): Promise<void> {
  const { identities, service, onRecover, invited } = home;
  const kept = (await navigator.storage?.persisted?.()) ?? false;
  const [last, ...others] = identities.all;
  const you = last === undefined ? [firstKey(home)] : [chooseKey(home, last, others), !kept && fleetingNote(), manage(home)];
  if (invited !== undefined) return show({ title: invited.title, body: [...invited.intro, ...you, serviceSection(service), limits()] });
  const recover = el("p", { class: "actions" }, button("I have a recovery code", onRecover));
  show({ title: `Log in to ${location.host}`, body: [...you, recover, serviceSection(service), limits()] });
}

function firstKey(home: Home): HTMLElement {
  return section("Your key",
    el("p", {}, "You need no password here, only a key. It is made on this device and stays in this browser: no script can copy it, not even this page's."),
    createForm(home, "Create a key on this device"));
}

function createForm(home: Home, submit: string): HTMLElement {
  return nameForm({
    label: "What shall it be called?", submit, taken: home.identities.names,
    onName: (name) => attempt(home, async () => {
      await home.identities.create(name);
      // the browser decides; the home view says what came of it
      await navigator.storage?.persist?.();
    }),
  });
}

/** Does something with the keys, then shows them again. */
async function attempt(home: Home, action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
    await showHome(home);
  } catch (fault) {
    showFailure(failureOf(fault), () => showHome(home));
  }
}

function chooseKey(home: Home, last: Identity, others: readonly Identity[]): HTMLElement {
  return section("You",
    el("p", { class: "who" }, el("strong", {}, last.name), el("span", { class: "words" }, last.words)),
    el("p", { class: "actions" }, loginButton(home, last, "primary")),
    others.length > 0 && el("ul", { class: "others" }, ...others.map((one) =>
      el("li", {}, loginButton(home, one, "quiet"), el("span", { class: "words" }, one.words)))));
}

function loginButton({ onLogin }: Home, identity: Identity, kind: "primary" | "quiet"): HTMLElement {
  return button(`Log in as ${identity.name}`, () => onLogin(identity), kind);
}

function fleetingNote(): HTMLElement {
  return el("p", { class: "note" },
    "This browser has not promised to keep your key: it may delete it when space runs short, or when you clear this site's data. The key cannot be restored then.");
}

function manage(home: Home): HTMLElement {
  return fold("Your keys",
    el("p", {}, "The four words stand for the DID below them, to recognise it by eye. Where it matters, compare the whole DID: others can be made that share the words."),
    ...home.identities.all.map((identity) => keyCard(home, identity)),
    el("h3", {}, "Another key"),
    el("p", {}, "Each key is an identity of its own: nothing in two keys says that they belong to one person."),
    createForm(home, "Create another key"));
}

function keyCard(home: Home, identity: Identity): HTMLElement {
  const rename = button("Rename", () => showRename(home, identity));
  const remove = button("Remove", () => showRemove(home, identity));
  rename.setAttribute("aria-label", `Rename ${identity.name}`);
  remove.setAttribute("aria-label", `Remove ${identity.name}`);
  return el("div", { class: "card" }, el("h3", {}, identity.name), didCard(identity, `the DID of ${identity.name}`),
    el("p", { class: "actions" }, rename, remove));
}

function showRename(home: Home, identity: Identity): void {
  show({
    title: `Rename ${identity.name}`,
    body: [
      el("p", {}, "The name is yours alone; the key and its DID stay what they are."),
      nameForm({
        label: "New name", submit: "Rename", value: identity.name, onCancel: () => showHome(home),
        taken: home.identities.names.filter((name) => name !== identity.name),
        onName: (name) => attempt(home, async () => {
          if (name !== identity.name) await home.identities.rename(identity, name);
        }),
      }),
    ],
  });
}

function showRemove(home: Home, identity: Identity): void {
  show({
    title: `Remove ${identity.name}?`,
    body: [
      el("p", {}, "This key exists in this browser and nowhere else. Once removed, it cannot be brought back, by you or by anyone."),
      el("ul", {},
        el("li", {}, "This service will no longer let you in with it."),
        el("li", {}, "What belongs to this identity here stays with it. Unless another key or a recovery code opens your account, you would come back as somebody new."),
        el("li", {}, "Sessions that are open go on until they end; log out first if they should not.")),
      didCard(identity, "its DID"),
      el("p", { class: "actions" },
        button("Keep it", () => showHome(home), "primary"),
        button(`Remove ${identity.name} for good`, () => attempt(home, () => home.identities.remove(identity)), "danger")),
    ],
  });
}

/** Known by name, and gone: the browser deleted the keys. */
export function showEvicted(home: Home): void {
  const { missing, all } = home.identities;
  const goOn = (): unknown => {
    missing.forEach(({ did }) => home.identities.forget(did));
    return showHome(home);
  };
  const entries: Child[] = missing.map(({ name, did }) => el("li", {}, el("strong", {}, name), code(did)));
  show({
    title: missing.length === 1 ? "Your key is gone" : "Some of your keys are gone",
    body: [
      el("p", {}, "This browser knows the names, but no longer has the keys. Browsers delete a site's data when space runs short, after weeks without a visit, or when somebody clears it."),
      el("ul", {}, ...entries),
      home.service.pin === undefined && el("p", {}, "What this browser remembered about the service is gone as well: look at its identity as if for the first time."),
      el("h2", {}, "What you can do"),
      el("ul", { class: "todo" },
        el("li", {}, "The key cannot be brought back. With a recovery code, or a link from another device of yours, a new key gets you back into your account."),
        el("li", {}, "Without one, a new key makes you somebody new: ask the operator to let its DID in, and to shut out the old one if you think that somebody took the device's data."),
        el("li", {}, "Adding this site to your bookmarks or home screen makes some browsers keep its data.")),
      el("p", { class: "actions" }, button(all.length === 0 ? "Go on and create a new key" : "Go on with the keys that are left", goOn, "primary")),
      el("p", { class: "code" }, "For support: ", el("code", {}, "key missing")),
    ],
  });
}
