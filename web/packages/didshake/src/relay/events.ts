import { transportFailure, withDeadline } from "../fetching.js";

/** Milliseconds without a byte after which a stream counts as cut: a relay sends a comment every 30 s. */
const SILENCE = 90_000;

/** One server-sent event. */
export interface StreamEvent {
  readonly type: string;
  readonly data: string;
}

/**
 * The events of a stream of `text/event-stream` (HTML, section 9.2.6), until it ends; comments are left out.
 * @throws DidshakeError `transport` if the stream is cut, or an event is longer than `limit` characters
 */
export async function* eventsOf(body: ReadableStream<Uint8Array>, limit: number): AsyncGenerator<StreamEvent, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let [rest, type, data]: [string, string, string[]] = ["", "", []];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await withDeadline(SILENCE, () => reader.read()).catch(() => cut("the stream was cut"));
      if (done) return;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop() as string;
      for (const line of lines.map((one) => one.replace(/\r$/, ""))) {
        length += line.length;
        const [name, text] = fieldOf(line);
        if (name === "event") type = text;
        if (name === "data") data.push(text);
        if (length > limit) cut("an event that is too long");
        if (line !== "") continue;
        if (data.length > 0) yield { type: type === "" ? "message" : type, data: data.join("\n") };
        [type, data, length] = ["", [], 0];
      }
      if (rest.length > limit) cut("an event that is too long");
    }
  } finally {
    // what comes of it is of no interest
    reader.cancel().catch(() => undefined);
  }
}

/** A comment has an empty name. */
function fieldOf(line: string): [string, string] {
  const at = line.indexOf(":");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
}

function cut(detail: string): never {
  throw transportFailure(detail);
}
