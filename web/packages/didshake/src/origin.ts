import { utf8 } from "./bytes.js";
import { HTTP, WEBSOCKET } from "./config.js";
import { callerFault } from "./errors.js";

/** Where an endpoint lies. */
export interface Origin {
  /** The ASCII serialisation of section 15.2, such as `https://example.com:8443`. */
  readonly origin: string;
  /** The origin without its scheme: host, and port where it is not the default. */
  readonly authority: string;
  readonly binding: typeof HTTP | typeof WEBSOCKET;
}

const FORM = /^(https?|wss?):\/\/([^/?#]+)/i;
const IPV4 = /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/;

/** The origin of an absolute URL of http, https, ws or wss, or undefined if it has none here (15.2). */
export function originOf(url: string): Origin | undefined {
  const [, rawScheme, authority] = FORM.exec(url) ?? [];
  if (rawScheme === undefined || authority === undefined) return undefined;
  // user information, a backslash, white space, percent-encoding in the host: two readers may differ
  if (/[@%]/.test(authority) || /[\u0000-\u0020\\]/.test(url)) return undefined;
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return undefined;
  }
  const rawHost = authority.replace(/:[0-9]*$/, "");
  // the platform writes 127.1 and 0x7f.0.0.1 out in full; here only what was written out in full is an address
  if (IPV4.test(parsed.hostname) && parsed.hostname !== rawHost) return undefined;
  const web = rawScheme.toLowerCase().startsWith("ws");
  const scheme = /^(https|wss)$/i.test(rawScheme) ? "https" : "http";
  return { origin: `${scheme}://${parsed.host}`, authority: parsed.host, binding: web ? WEBSOCKET : HTTP };
}

/** True if the host of an origin is a loopback address written as such (`localhost` is a name). */
export function isLoopback(origin: string): boolean {
  const host = /^https?:\/\/(\[[^\]]*\]|[^:/]*)/.exec(origin)?.[1] ?? "";
  return host === "[::1]" || (IPV4.test(host) && host.startsWith("127."));
}

/** Binding and prologue of the endpoint at this URL. Errors: `caller` if the URL has no origin. */
export function bindingOf(url: string): { binding: typeof HTTP | typeof WEBSOCKET; prologue: Uint8Array } {
  const { origin, binding } = originOf(url) ?? callerFault("the URL has no origin");
  return { binding, prologue: utf8(origin) };
}
