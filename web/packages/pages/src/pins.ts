import { DidshakeError } from "../../didshake/src/errors.js";

/** Who a service was when this browser came to know it. */
export interface Pin {
  readonly did: string;
  /** Unix seconds. */
  readonly since: number;
  readonly how: "first visit" | "confirmed";
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new DidshakeError("own_failure", { detail: "IndexedDB" }));
  });
}

/** The identities of services, by origin, in IndexedDB. */
export class Pins {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(): Promise<Pins> {
    const request = indexedDB.open("didshake services", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("pins");
    return new Pins(await settled(request));
  }

  async of(origin: string): Promise<Pin | undefined> {
    return settled(this.#pins("readonly").get(origin)) as Promise<Pin | undefined>;
  }

  async put(origin: string, pin: Pin): Promise<void> {
    await settled(this.#pins("readwrite").put(pin, origin));
  }

  #pins(mode: IDBTransactionMode): IDBObjectStore {
    return this.#database.transaction("pins", mode).objectStore("pins");
  }
}
