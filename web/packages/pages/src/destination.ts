/** Where to go after a login: an absolute path on this origin, or the account page. Never to another origin. */
export function destination(search: string, origin: string): { path: string; asked: boolean } {
  const to = new URLSearchParams(search).get("to") ?? "";
  const account = { path: "/account", asked: false };
  if (!isPath(to) || !URL.canParse(to, origin)) return account;
  const url = new URL(to, origin);
  const path = url.pathname + url.search + url.hash;
  // once more: the parser makes `//host` of `/.//host`
  return url.origin === origin && isPath(path) ? { path, asked: true } : account;
}

/** `//host` and `/\host` are other hosts; tabs and line feeds are dropped by whoever reads it next. */
function isPath(text: string): boolean {
  return /^\/(?![/\\])[^\u0000-\u0020\\]*$/.test(text);
}
