import type { Channel, Delivery } from "./backend.js";

/** Beats three times within a lease: two may be missed. */
const BEATS = 3;

/** Keeps leases as long as somebody works on them, and tells when one is lost after all. */
export class Heartbeat {
  readonly #held = new Map<Delivery, () => void>();
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void> | null = null;

  constructor(
    readonly channel: Channel,
    readonly leaseMs: number,
    readonly onTrouble: (error: unknown) => void,
  ) {
    this.#timer = setInterval(() => void this.#beat(), leaseMs / BEATS);
    this.#timer.unref();
  }

  hold(delivery: Delivery, onLost: () => void): void {
    this.#held.set(delivery, onLost);
  }

  letGo(delivery: Delivery): void {
    this.#held.delete(delivery);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  #beat(): void {
    if (this.#held.size > 0) this.#beating ??= this.#extend().finally(() => (this.#beating = null));
  }

  async #extend(): Promise<void> {
    try {
      for (const delivery of await this.channel.extend([...this.#held.keys()], this.leaseMs)) {
        this.#held.get(delivery)?.();
        this.#held.delete(delivery);
      }
    } catch (error) {
      this.onTrouble(error);
    }
  }
}
