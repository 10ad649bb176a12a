/** Prometheus says in this header how long it waits. */
export const TIMEOUT_HEADER = "x-prometheus-scrape-timeout-seconds";

/** For a request without the header. */
const DEFAULT_MS = 120_000;
/** What is left of the scrape's time for the answer's way back. */
const OFFSET_MS = 500;

/** The deadline of a probe: the shorter of the scrape's and the module's. Null: the header is not a number. */
export function scrapeTimeoutMs(header: string | null, moduleMs: number | null, offsetMs = OFFSET_MS): number | null {
  if (header !== null && !/^\d{1,6}(?:\.\d{1,9})?$/.test(header)) return null;
  const scrapeMs = header === null || Number(header) === 0 ? DEFAULT_MS : Number(header) * 1000;
  const left = scrapeMs > offsetMs ? scrapeMs - offsetMs : scrapeMs;
  return Math.round(moduleMs === null ? left : Math.min(left, moduleMs));
}
