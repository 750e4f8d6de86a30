import { HTTP, STREAM, WEBSOCKET } from "../config.js";
import { isLoopback, originOf } from "../origin.js";

/** How an endpoint of a card is reached. */
export type Reach =
  /** By TCP, with an empty prologue. */
  | { readonly binding: typeof STREAM; readonly host: string; readonly port: number }
  /**
   * By WebSocket or HTTP; the origin is the prologue. `clear`: by ws or http at an address that is no loopback one, which is used only
   * where the user asked for it.
   */
  | { readonly binding: typeof WEBSOCKET | typeof HTTP; readonly url: string; readonly origin: string; readonly clear: boolean };

/** What an endpoint stands for (section 2), or undefined if it is to be ignored (R-CARD-6). */
export function reachOf(url: string): Reach | undefined {
  if (url.startsWith("tcp://")) return stream(url.slice("tcp://".length));
  const place = originOf(url);
  if (place === undefined) return undefined;
  const clear = !place.origin.startsWith("https:") && !isLoopback(place.origin);
  return { binding: place.binding, url, origin: place.origin, clear };
}

function stream(authority: string): Reach | undefined {
  const [, port] = /:([0-9]+)$/.exec(authority) ?? [];
  const number = Number(port);
  if (port === undefined || number === 0 || number > 0xffff || /[/?#]/.test(authority)) return undefined;
  // a host of 15.2, which a port of no scheme's default keeps as it is
  const host = originOf(`http://${authority}`)?.authority.replace(/:[0-9]+$/, "");
  return host === undefined ? undefined : { binding: STREAM, host, port: number };
}
