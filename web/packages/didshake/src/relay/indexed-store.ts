import { change, openDatabase, settled } from "../indexed.js";
import type { ReceivedLetter } from "../mailbox/envelope.js";
import type { StoredMailboxKey } from "../mailbox/key.js";
import { toBase64url } from "../encoding.js";
import { letterName, type KeptLetter, type MailboxStore } from "./store.js";

const KEYS = "keys";
const LETTERS = "letters";
const BY_NAME = "name";
const BY_PLACE = "place";

/** A letter as IndexedDB keeps it: `place` is there until it is handed out, and says in which order. */
interface Row extends KeptLetter {
  readonly name: string;
  readonly place?: number;
}

/**
 * Keeps a mailbox in IndexedDB, for all tabs of an origin: each letter is handed out in one of them. The browser may clear it: ask
 * for `navigator.storage.persist()`. Script of the origin can read the secrets of the mailbox keys.
 */
export class IndexedMailboxStore implements MailboxStore {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  /** @throws DidshakeError `own_failure` if there is no IndexedDB here, or it does not open */
  static async open(name = "didshake-mailbox"): Promise<IndexedMailboxStore> {
    const database = await openDatabase(name, (made) => {
      made.createObjectStore(KEYS);
      const letters = made.createObjectStore(LETTERS, { autoIncrement: true });
      letters.createIndex(BY_NAME, "name", { unique: true });
      letters.createIndex(BY_PLACE, "place");
    });
    return new IndexedMailboxStore(database);
  }

  /** See {@link MailboxStore.keys}. Errors here and below: `own_failure` if the database fails. */
  async keys(): Promise<StoredMailboxKey[]> {
    return settled(this.#database.transaction(KEYS).objectStore(KEYS).getAll() as IDBRequest<StoredMailboxKey[]>);
  }

  /** See {@link MailboxStore.addKey}. */
  addKey(key: StoredMailboxKey): Promise<void> {
    return change(this.#database, KEYS, async (keys) => void keys.put(key, toBase64url(key.signedKey)));
  }

  /** See {@link MailboxStore.removeKey}. */
  removeKey(signedKey: Uint8Array): Promise<void> {
    return change(this.#database, KEYS, async (keys) => void keys.delete(toBase64url(signedKey)));
  }

  /** See {@link MailboxStore.keep}. */
  keep(letter: ReceivedLetter): Promise<boolean> {
    const name = letterName(letter);
    return change(this.#database, LETTERS, async (letters) => {
      if ((await settled(letters.index(BY_NAME).getKey(name))) !== undefined) return false;
      const last = await settled(letters.openKeyCursor(null, "prev"));
      const row: Row = { name, letter, taken: false, expires: letter.expires, place: Number(last?.key ?? 0) + 1 };
      letters.add(row);
      return true;
    });
  }

  /** See {@link MailboxStore.take}. */
  take(): Promise<ReceivedLetter | undefined> {
    return change(this.#database, LETTERS, async (letters) => {
      // an index leaves out what has no place
      const cursor = await settled(letters.index(BY_PLACE).openCursor());
      if (cursor === null) return undefined;
      const { place: _, ...row } = cursor.value as Row;
      cursor.update({ ...row, taken: true } satisfies Row);
      return row.letter;
    });
  }

  /** See {@link MailboxStore.unfinished}. */
  async unfinished(): Promise<ReceivedLetter[]> {
    const rows = await settled(this.#database.transaction(LETTERS).objectStore(LETTERS).getAll() as IDBRequest<Row[]>);
    return rows.flatMap(({ taken, letter }) => (taken && letter !== undefined ? [letter] : []));
  }

  /** See {@link MailboxStore.finish}. */
  finish(letter: ReceivedLetter): Promise<void> {
    const name = letterName(letter);
    return change(this.#database, LETTERS, async (letters) => {
      const cursor = await settled(letters.index(BY_NAME).openCursor(name));
      const row = cursor?.value as Row | undefined;
      if (row?.taken === true) cursor?.update({ name, letter: undefined, taken: true, expires: row.expires } satisfies Row);
    });
  }

  /** See {@link MailboxStore.sweep}. */
  sweep(now: number): Promise<void> {
    return change(this.#database, LETTERS, async (letters) => {
      const request = letters.openCursor();
      for (let cursor = await settled(request); cursor !== null; cursor = await settled(request)) {
        const { letter, expires } = cursor.value as Row;
        if (letter === undefined && expires <= now) cursor.delete();
        cursor.continue();
      }
    });
  }

  /** Closes the database; the store is of no use afterwards. */
  close(): void {
    this.#database.close();
  }
}
