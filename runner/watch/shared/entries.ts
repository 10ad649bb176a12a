import type { SeenCertificate } from "../certificates/seen-certificates.js";

/** What a worker found of one slot of a check. */
export interface Report {
  readonly location: string;
  /** unknown: it could not be run. */
  readonly outcome: "ok" | "warning" | "error" | "unknown";
  readonly durationMs: number | null;
  readonly reason: string | null;
  /** Of a failure: the queue side of the envelope, as JSON. */
  readonly output: string | null;
}

const OUTCOMES: readonly Report["outcome"][] = ["ok", "warning", "error", "unknown"];

/** What watches of one suite append to their log. All of them draw the same conclusions from it, since they read it in the same order. */
export type Entry =
  | ({ readonly kind: "report"; readonly key: string; readonly at: number; readonly certificates: readonly SeenCertificate[] } & Report)
  /** No more reports are waited for. */
  | { readonly kind: "over"; readonly key: string; readonly at: number }
  /** What no report says by itself: a budget is spent too fast, a location is silent. Null: no longer. */
  | { readonly kind: "judged"; readonly about: "objective" | "location"; readonly key: string; readonly at: number; readonly reason: string | null };

export function encode(entry: Entry): string {
  return JSON.stringify(entry);
}

/** Null for what no watch wrote. */
export function decode(text: string): Entry | null {
  try {
    const entry = JSON.parse(text) as Entry;
    return typeof entry.key === "string" && Number.isSafeInteger(entry.at) && isComplete(entry) ? entry : null;
  } catch {
    return null;
  }
}

function isComplete(entry: Entry): boolean {
  switch (entry.kind) {
    case "over":
      return true;
    case "judged":
      return isTextOrNull(entry.reason);
    case "report": {
      const { location, outcome, durationMs, reason, output, certificates } = entry;
      const hasFacts = isTextOrNull(reason) && isTextOrNull(output) && (durationMs === null || Number.isFinite(durationMs));
      return hasFacts && typeof location === "string" && OUTCOMES.includes(outcome) && Array.isArray(certificates);
    }
    default:
      return false;
  }
}

function isTextOrNull(value: unknown): boolean {
  return value === null || typeof value === "string";
}
