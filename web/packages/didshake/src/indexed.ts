import { DidshakeError } from "./errors.js";

/** Opens a database of IndexedDB, made by `make` where there is none. Errors here and below: `own_failure`. */
export function openDatabase(name: string, make: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  if (typeof indexedDB === "undefined") return Promise.reject(failure());
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => make(request.result);
  return settled(request);
}

/** Runs one transaction on one store of a database; it is on the disk when this resolves. */
export async function change<T>(database: IDBDatabase, store: string, run: (store: IDBObjectStore) => Promise<T>): Promise<T> {
  const transaction = database.transaction(store, "readwrite", { durability: "strict" });
  const done = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(failure());
  });
  const [result] = await Promise.all([run(transaction.objectStore(store)), done]);
  return result;
}

/** What a request of IndexedDB gives. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(failure());
  });
}

function failure(): DidshakeError {
  return new DidshakeError("own_failure", { detail: "IndexedDB" });
}
