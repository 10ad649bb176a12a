import type { Operation } from "../../../schemas/operation.js";
import { printableLine } from "../../support/printable.js";
import type { Style } from "../../support/style.js";
import type { Row } from "./row.js";

/** One request of a page, as far as it is drawn. */
export interface DrawnRequest {
  readonly url: string;
  readonly resource_type: string;
  readonly at_ms: number;
  readonly duration_ms: number | null;
  readonly status: number | null;
  readonly error: string | null;
}

/** A page may make hundreds. */
const MAX_ROWS = 40;

/** The requests that began during a step, or after it and before the next one: each belongs to the last step that had begun. */
export function requestRows(operations: readonly Operation[], requests: readonly DrawnRequest[], style: Style): ReadonlyMap<Operation, Row[]> {
  const rows = new Map<Operation, Row[]>();
  for (const request of requests.slice(0, MAX_ROWS)) {
    const step = operations.findLast(({ at_ms }) => at_ms <= request.at_ms) ?? operations[0];
    if (step === undefined) continue;
    rows.set(step, [...(rows.get(step) ?? []), rowOf(request, style)]);
  }
  return rows;
}

/** How many are not drawn; null if all are. */
export function undrawnRequests(requests: readonly DrawnRequest[]): string | null {
  return requests.length <= MAX_ROWS ? null : `and ${requests.length - MAX_ROWS} more requests`;
}

function rowOf({ url, resource_type, at_ms, duration_ms, status, error }: DrawnRequest, { dim, red }: Style): Row {
  const isBad = error !== null || (status ?? 0) >= 400;
  const words = error === null ? shortUrl(url) : `${error} ${shortUrl(url)}`;
  return {
    ...{ name: `  ${printableLine(resource_type)}`, at: at_ms, duration: duration_ms },
    ...{ code: status === null ? "" : String(status), words: printableLine(words), paint: isBad ? red : dim },
  };
}

/** The scheme says little, and takes room. */
function shortUrl(url: string): string {
  return url.replace(/^https?:\/\//, "");
}
