const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** A day such as `28 Nov 2026`, of Unix seconds, in the visitor's time zone. */
export function day(seconds: number): string {
  return DAY.format(seconds * 1000);
}

/** A day and a time, of Unix seconds, in the visitor's time zone. */
export function moment(seconds: number): string {
  return MOMENT.format(seconds * 1000);
}

/** A length of time in its largest fitting unit, such as `2 hours`. */
export function duration(seconds: number): string {
  const units: [string, number][] = [["day", 86_400], ["hour", 3600], ["minute", 60]];
  const [name, size] = units.find(([, length]) => seconds >= length) ?? ["second", 1];
  return count(Math.round(seconds / size), name);
}

export function count(number: number, name: string): string {
  return `${number.toLocaleString("en-GB")} ${name}${number === 1 ? "" : "s"}`;
}

export function algorithmName(algorithm: number): string {
  return algorithm === 1 ? "Ed25519" : "P-256 (ES256)";
}
