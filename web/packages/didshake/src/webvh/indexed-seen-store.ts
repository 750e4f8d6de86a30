import { change, openDatabase, settled } from "../indexed.js";
import { checkedMost, MOST_LOGS, type SeenStore } from "./seen.js";

const LOGS = "logs";
const BY_PLACE = "place";

/** A log as IndexedDB keeps it: `place` says in which order logs advanced. */
interface Row { readonly versionId: string; readonly place: number }

/**
 * Keeps what was seen of logs in IndexedDB, for all tabs of an origin. The browser may clear it: ask for `navigator.storage.persist()`.
 */
export class IndexedSeenStore implements SeenStore {
  readonly #database: IDBDatabase;
  readonly #most: number;

  private constructor(database: IDBDatabase, most: number) {
    [this.#database, this.#most] = [database, most];
  }

  /**
   * Opens the database, or makes it.
   * @param most logs that are kept; beyond it the one that advanced longest ago is forgotten
   * @throws DidshakeError `own_failure` if there is no IndexedDB here, or it does not open; `caller` for fewer than 1,024 logs
   */
  static async open(name = "didshake-webvh", most = MOST_LOGS): Promise<IndexedSeenStore> {
    const checked = checkedMost(most);
    const database = await openDatabase(name, (made) => void made.createObjectStore(LOGS).createIndex(BY_PLACE, "place"));
    return new IndexedSeenStore(database, checked);
  }

  /** See {@link SeenStore.newest}. Errors here and below: `own_failure` if the database fails. */
  async newest(scid: string): Promise<string | undefined> {
    const row = await settled(this.#database.transaction(LOGS).objectStore(LOGS).get(scid) as IDBRequest<Row | undefined>);
    return row?.versionId;
  }

  /** See {@link SeenStore.replace}. */
  replace(scid: string, from: string | undefined, to: string): Promise<boolean> {
    return change(this.#database, LOGS, async (logs) => {
      const row = await settled(logs.get(scid) as IDBRequest<Row | undefined>);
      if (row?.versionId !== from) return false;
      const last = await settled(logs.index(BY_PLACE).openKeyCursor(null, "prev"));
      await settled(logs.put({ versionId: to, place: Number(last?.key ?? 0) + 1 } satisfies Row, scid));
      if ((await settled(logs.count())) <= this.#most) return true;
      const oldest = await settled(logs.index(BY_PLACE).openCursor());
      oldest?.delete();
      return true;
    });
  }

  /** Closes the database; the store is of no use afterwards. */
  close(): void {
    this.#database.close();
  }
}
