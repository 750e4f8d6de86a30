import { Refused } from "./session.js";

/** A part of the script that not every visit needs. Errors: {@link Refused} if it does not come. */
export function part<T>(loading: Promise<T>): Promise<T> {
  return loading.catch(() => {
    throw new Refused(0);
  });
}
