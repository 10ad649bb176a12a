/** Failed logins of one address within a window; the next ones are refused, right or wrong. */
const MOST_FAILURES = 10;
const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;

/** Counts failed logins by address, with bounded memory. */
export class Attempts {
  readonly #failures = new Map<string, { count: number; until: number }>();

  /** Seconds until this address may try again; 0 for now. */
  waitSeconds(address: string, now: number): number {
    const own = this.#failures.get(networkOf(address));
    return own === undefined || own.count < MOST_FAILURES || own.until <= now ? 0 : Math.ceil((own.until - now) / 1000);
  }

  failed(address: string, now: number): void {
    const network = networkOf(address);
    const own = this.#failures.get(network);
    const isOver = own === undefined || own.until <= now;
    // Again at the end: the ones that were not heard of for longest are forgotten first.
    this.#failures.delete(network);
    this.#failures.set(network, isOver ? { count: 1, until: now + WINDOW_MS } : { count: own.count + 1, until: own.until });
    for (const oldest of this.#failures.keys()) {
      if (this.#failures.size <= MOST_ADDRESSES) break;
      this.#failures.delete(oldest);
    }
  }
}

/** A client of IPv6 has at least a /64 of addresses. */
function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? 0 : 8 - groups.length - tail.split(":").filter((group) => group !== "").length;
  return [...groups, ...new Array<string>(Math.max(0, zeros)).fill("0"), ...(tail ?? "").split(":")].slice(0, 4).join(":");
}
