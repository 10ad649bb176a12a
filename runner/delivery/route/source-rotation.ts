import type { OutboundMessage } from "../message/outbound-message.js";

const MAX_SITES = 10_000;

/** Rotates source addresses, at each destination separately. */
export class SourceRotation {
  readonly #turns = new Map<string, number>();

  /** Null: the system chooses. */
  next({ settings: { source_addresses: sources } }: OutboundMessage, site: string | null): string | null {
    if (sources.length <= 1) return sources[0] ?? null;
    if (this.#turns.size >= MAX_SITES) this.#turns.clear();
    const turn = this.#turns.get(site ?? "") ?? 0;
    this.#turns.set(site ?? "", turn + 1);
    return sources[turn % sources.length] as string;
  }
}
