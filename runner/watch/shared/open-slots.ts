import type { Report } from "./entries.js";

/** A slot of a check with the reports that came for it. */
export interface ReportedSlot {
  readonly key: string;
  readonly at: number;
  /** The entry of the log before its first report. */
  readonly before: string;
  readonly reports: readonly Report[];
}

interface OpenSlot {
  readonly before: string;
  readonly at: number;
  readonly reports: Map<string, Report>;
}

/** Slots that wait for the reports of all locations, except those that are silent. A slot that is complete also ends the earlier ones of its check: slots count in their order. */
export class OpenSlots {
  readonly #open = new Map<string, OpenSlot[]>();
  /** In the order in which they began. */
  readonly #inOrder = new Set<OpenSlot>();

  constructor(
    readonly locations: readonly string[],
    /** Slots wait for its reports. */
    readonly isAwaited: (location: string) => boolean,
  ) {}

  /** After which entry a reader of the log must begin to know all that is open; null: nothing is. */
  get oldest(): string | null {
    for (const { before } of this.#inOrder) return before;
    return null;
  }

  /** Returns the slots that end with this report, which comes after the entry `before`. A second one of the same location changes nothing. */
  report(before: string, key: string, at: number, report: Report): ReportedSlot[] {
    const slots = this.#open.get(key) ?? [];
    this.#open.set(key, slots);
    let slot = slots.find((each) => each.at === at);
    if (slot === undefined) {
      slot = { before, at, reports: new Map() };
      slots.push(slot);
      this.#inOrder.add(slot);
    }
    if (!slot.reports.has(report.location)) slot.reports.set(report.location, report);
    return this.#isComplete(slot) ? this.#end(key, at) : [];
  }

  /** Ends those that need not wait any longer, because a location is silent from now on. */
  complete(): ReportedSlot[] {
    const complete = [...this.#open].flatMap(([key, slots]) => {
      const ats = slots.filter((slot) => this.#isComplete(slot)).map(({ at }) => at);
      return ats.length === 0 ? [] : [{ key, at: Math.max(...ats) }];
    });
    return complete.flatMap(({ key, at }) => this.#end(key, at)).sort((a, b) => a.at - b.at);
  }

  /** Ends a slot with what was reported, also when that is nothing. */
  over(before: string, key: string, at: number): ReportedSlot[] {
    const ended = this.#end(key, at);
    return ended.some((slot) => slot.at === at) ? ended : [...ended, { key, at, before, reports: [] }];
  }

  #isComplete({ reports }: OpenSlot): boolean {
    return this.locations.every((location) => reports.has(location) || !this.isAwaited(location));
  }

  #end(key: string, until: number): ReportedSlot[] {
    const slots = this.#open.get(key) ?? [];
    const ended = slots.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
    const left = slots.filter(({ at }) => at > until);
    if (left.length === 0) this.#open.delete(key);
    else this.#open.set(key, left);
    for (const slot of ended) this.#inOrder.delete(slot);
    return ended.map(({ at, before, reports }) => ({ key, at, before, reports: [...reports.values()] }));
  }
}
