import type { Carried } from "../../../schemas/carried.js";
import type { Hop, HttpPhases } from "../../../schemas/http.js";
import { type Series, secondsSeries, series } from "./series.js";

interface HttpSeen {
  readonly hops: readonly Hop[];
  readonly body: { readonly decoded_bytes: number } | null;
}

/** Which of our phases make a phase of the metric. */
const PHASES: Readonly<Record<string, readonly (keyof HttpPhases)[]>> = {
  resolve: ["resolve_ms"],
  connect: ["connect_ms"],
  tls: ["tls_ms"],
  processing: ["request_ms", "first_byte_ms"],
  transfer: ["headers_ms", "body_ms"],
};

export function httpMetrics(carried: Carried): Series[] {
  const { hops, body } = carried as unknown as HttpSeen;
  const last = hops.at(-1);
  const modified = last === undefined ? null : Date.parse(textOf(last.headers["last-modified"]) ?? "") / 1000;
  const length = textOf(last?.headers["content-length"]);
  return [
    ...series("probe_http_status_code", last?.status ?? 0),
    ...series("probe_http_version", Number(last?.http_version ?? 0)),
    ...series("probe_http_ssl", last === undefined || last.tls === null ? 0 : 1),
    ...series("probe_http_redirects", Math.max(0, hops.length - 1)),
    ...series("probe_http_content_length", last === undefined || last.status === null ? 0 : length !== null && /^\d{1,15}$/.test(length) ? Number(length) : -1),
    ...series("probe_http_uncompressed_body_length", body?.decoded_bytes ?? 0),
    ...series("probe_http_last_modified_timestamp_seconds", modified),
    ...Object.entries(PHASES).flatMap(([phase, fields]) => secondsSeries("probe_http_duration_seconds", sumOf(hops, fields), { phase })),
  ];
}

function sumOf(hops: readonly Hop[], fields: readonly (keyof HttpPhases)[]): number {
  const all = hops.flatMap(({ phases }) => fields.map((field) => phases[field] ?? 0));
  return all.reduce((sum, milliseconds) => sum + milliseconds, 0);
}

function textOf(value: string | readonly string[] | undefined): string | null {
  return typeof value === "string" ? value : null;
}
