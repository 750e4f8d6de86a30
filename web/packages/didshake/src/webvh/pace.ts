/** Signatures, or entries, between two chances for others: a long log takes seconds. */
const STEPS = 16;

/** Lets everything else run between the pieces of a work that a stranger can make long, and stops it when nobody waits for it. */
export class Pace {
  readonly #signal: AbortSignal | undefined;
  #steps = 0;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** Before each piece. Throws the reason of the signal once that has fired. */
  async step(): Promise<void> {
    this.#steps += 1;
    if (this.#steps % STEPS === 0) await turn();
    this.#signal?.throwIfAborted();
  }
}

/** A turn of the event loop; a timer would wait for a second in a page that is in the background. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
