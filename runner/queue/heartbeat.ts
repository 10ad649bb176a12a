import type { Channel, LeasedMessage } from "./backend.js";

/** Three heartbeats per lease, so two may be missed. */
const BEATS_PER_LEASE = 3;

/** Renews leases while their messages are being processed, and reports those that are lost. */
export class Heartbeat {
  readonly #tracked = new Map<LeasedMessage, () => void>();
  readonly #timer: NodeJS.Timeout;
  #beating: Promise<void> | null = null;

  constructor(
    readonly channel: Channel,
    readonly leaseMs: number,
    readonly onTrouble: (error: unknown) => void,
  ) {
    this.#timer = setInterval(() => void this.#beat(), leaseMs / BEATS_PER_LEASE);
    this.#timer.unref();
  }

  track(message: LeasedMessage, onLost: () => void): void {
    this.#tracked.set(message, onLost);
  }

  untrack(message: LeasedMessage): void {
    this.#tracked.delete(message);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
  }

  #beat(): void {
    if (this.#tracked.size > 0) this.#beating ??= this.#extend().finally(() => (this.#beating = null));
  }

  async #extend(): Promise<void> {
    try {
      for (const message of await this.channel.extend([...this.#tracked.keys()], this.leaseMs)) {
        this.#tracked.get(message)?.();
        this.#tracked.delete(message);
      }
    } catch (error) {
      this.onTrouble(error);
    }
  }
}
