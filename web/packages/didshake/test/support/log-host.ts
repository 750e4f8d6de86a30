import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Fetch } from "../../src/fetching.js";

/** What a host does with a request for a file. */
export type Serve = (response: ServerResponse, request: IncomingMessage) => void;

/** A host of logs on 127.0.0.1 that does what a test says, over real HTTP. */
export class LogHost {
  /** By path; anything else is 404. */
  readonly files = new Map<string, Uint8Array | Serve>();
  /** What was asked for. */
  readonly asked: { path: string; accept: string | undefined }[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const { url: path = "", headers } = request;
      this.asked.push({ path, accept: headers.accept });
      const file = this.files.get(path);
      if (typeof file === "function") return file(response, request);
      response.writeHead(file === undefined ? 404 : 200, { "Content-Type": "text/html" }).end(file ?? "nothing");
    });
  }

  static async start(): Promise<LogHost> {
    const host = new LogHost();
    await new Promise<void>((resolve) => host.#server.listen(0, "127.0.0.1", resolve));
    return host;
  }

  /** Such as `127.0.0.1:8400`. */
  get authority(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Its name in a DID. */
  get place(): string {
    return this.authority.replace(":", "%3A");
  }

  /** The platform's own, which leads names of the web here. */
  get fetch(): Fetch {
    return (url, init) => fetch(url.replace(/^https:\/\/[^/]*/, `http://${this.authority}`), init);
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => void this.#server.close(() => resolve()));
  }
}
