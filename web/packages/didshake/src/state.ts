import { DidshakeError, ownFailure } from "./errors.js";
import { encodeAlert } from "./messages.js";
import { HTTP, type Binding } from "./config.js";
import type { Role } from "./channel.js";

/** A state of the handshake: a transition consumes it, and so does {@link end}. */
export abstract class State {
  #used = false;

  /** Marks the state as used. Errors: `state_used` the second time. */
  protected consume(): void {
    if (this.#used) throw new DidshakeError("state_used");
    this.#used = true;
  }

  /** Ends the attempt here, as its time limit or the end of the transport does; wipes what the state holds. */
  end(): void {
    this.consume();
    this.forget();
  }

  /** Wipes the secrets of the state. */
  protected forget(): void {}
}

/** Adds to an error of the handshake the clear Alert that this side sends (14.9); Accept has not been sent or opened. */
export function withClearAlert(fault: unknown, binding: Binding, role: Role, ownAlert: number): DidshakeError {
  const error = fault instanceof DidshakeError ? fault : ownFailure(ownAlert);
  const silent = error.alert === null || error.answer !== undefined || (binding === HTTP && role === "initiator");
  if (silent) return error;
  const detail = error.message.startsWith(`${error.code}: `) ? { detail: error.message.slice(error.code.length + 2) } : {};
  return new DidshakeError(error.code, { alert: error.alert, answer: [encodeAlert(error.alert as number)], ...detail });
}
