/** A secret that came with a link to this page, and what it is for. */
export interface LinkSecret {
  readonly kind: "invite" | "link";
  readonly secret: string;
}

/** What a fragment holds. A fragment is never sent; `#invite=` and `#link=` alone mean something here. */
export function secretOf(fragment: string): LinkSecret | undefined {
  const [, kind, secret] = /^#(invite|link)=(.*)$/s.exec(fragment) ?? [];
  return kind === undefined || secret === undefined ? undefined : { kind: kind as LinkSecret["kind"], secret };
}

/** Takes the secret out of the address, so that neither the history nor a picture of the window shows it. */
export function takeSecret(): LinkSecret | undefined {
  const found = secretOf(location.hash);
  if (found !== undefined) history.replaceState(null, "", location.pathname + location.search);
  return found;
}
