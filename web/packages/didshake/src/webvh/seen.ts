import { callerFault } from "../errors.js";

/**
 * Keeps the newest entry that was verified of each log (R-WEBVH-10): the only defence against whoever serves an older log, or another
 * one signed by keys of an old version. What a method has promised is durable when it resolves; one that cannot tell throws, and nothing
 * resolves then.
 */
export interface SeenStore {
  /** The `versionId` of the newest entry that was verified of the log of this SCID, or undefined. */
  newest(scid: string): Promise<string | undefined>;
  /** Puts `to` in the place of `from` (undefined: of nothing); false, and nothing is changed, if something else stands there by now. */
  replace(scid: string, from: string | undefined, to: string): Promise<boolean>;
}

/** Logs that are kept unless another number is given. */
export const MOST_LOGS = 16_384;
const LEAST_LOGS = 1024;

/** @internal A number of logs to keep. Errors: `caller` if it is under 1,024. */
export function checkedMost(most: number): number {
  if (!Number.isSafeInteger(most) || most < LEAST_LOGS) callerFault("fewer than 1,024 logs (R-WEBVH-10)");
  return most;
}

/** Keeps it in memory: for tests, and for processes that resolve for a while only. What it knew is gone when the process ends. */
export class MemorySeenStore implements SeenStore {
  // in the order in which they were used: one that is steady is not forgotten before one that is new
  readonly #logs = new Map<string, string>();
  readonly #most: number;

  /**
   * @param most logs that are kept; beyond it the one that was used longest ago is forgotten
   * @throws DidshakeError `caller` if that is under 1,024
   */
  constructor(most = MOST_LOGS) {
    this.#most = checkedMost(most);
  }

  /** See {@link SeenStore.newest}. */
  async newest(scid: string): Promise<string | undefined> {
    const versionId = this.#logs.get(scid);
    if (versionId === undefined) return undefined;
    this.#logs.delete(scid);
    this.#logs.set(scid, versionId);
    return versionId;
  }

  /** See {@link SeenStore.replace}. */
  async replace(scid: string, from: string | undefined, to: string): Promise<boolean> {
    if (this.#logs.get(scid) !== from) return false;
    this.put(scid, to);
    return true;
  }

  /** @internal */
  put(scid: string, versionId: string): void {
    this.#logs.delete(scid);
    this.#logs.set(scid, versionId);
    if (this.#logs.size <= this.#most) return;
    for (const oldest of this.#logs.keys()) return void this.#logs.delete(oldest);
  }

  /** @internal Each with its SCID, the one that was used longest ago first. */
  entries(): [string, string][] {
    return [...this.#logs];
  }
}
