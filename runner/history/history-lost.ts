const BRAND = Symbol.for("probe-run.history-lost");

/** This process can no longer use the history: another one writes to it, and two watches of one file would report everything twice. */
export class HistoryLost extends Error {
  override readonly name = "HistoryLost";
  readonly [BRAND] = true;

  /** Also recognises errors of another copy of this class: dist/ has several. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value !== null && typeof value === "object" && BRAND in value;
  }
}
