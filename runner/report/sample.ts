/** One result as a report counts it. */
export interface Sample {
  /** `network.smtp@2.0.0`, or what is known of it. */
  readonly probe: string;
  readonly target: string | null;
  /** Milliseconds since 1970; null if the result does not say. */
  readonly at: number | null;
  readonly status: "ok" | "warning" | "error";
  readonly durationMs: number;
  readonly failure: { readonly phase: string; readonly code: string; readonly message: string } | null;
  readonly operations: readonly { readonly name: string; readonly atMs: number; readonly durationMs: number | null }[];
}

const MOST_TEXT = 500;
const MOST_OPERATIONS = 200;
const STATUSES: readonly unknown[] = ["ok", "warning", "error"];

/** A result in any of the forms that we print: an envelope, the output alone, or the event of a queue. Null: it is none. */
export function sampleOf(value: unknown): Sample | null {
  if (!isObject(value)) return null;
  const output = [value.output, value.data, value].find((each) => isObject(each) && STATUSES.includes(each.status)) as Fields | undefined;
  if (output === undefined) return null;
  const written = value.time ?? output.connected_time;
  const at = typeof written === "string" ? Date.parse(written) : Number.NaN;
  return {
    probe: textOf(value.subject) ?? "results",
    target: targetOf(output),
    at: Number.isNaN(at) ? null : at,
    status: output.status as Sample["status"],
    durationMs: numberOf(output.duration_ms) ?? 0,
    failure: failureOf(output.failure),
    operations: operationsOf(output.operations),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, MOST_TEXT) : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function targetOf({ target_host: host, target_port: port, host: other, url, email, domain }: Fields): string | null {
  const name = textOf(host) ?? textOf(other) ?? textOf(url) ?? textOf(email) ?? textOf(domain);
  return name === null || typeof port !== "number" ? name : `${name}:${port}`;
}

function failureOf(value: unknown): Sample["failure"] {
  if (!isObject(value)) return null;
  const [phase, code] = [textOf(value.phase), textOf(value.code)];
  return phase === null || code === null ? null : { phase, code, message: textOf(value.message) ?? "" };
}

function operationsOf(value: unknown): Sample["operations"] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MOST_OPERATIONS).flatMap((each) => {
    const name = isObject(each) ? textOf(each.name) : null;
    const atMs = isObject(each) ? numberOf(each.at_ms) : null;
    return name === null || atMs === null ? [] : [{ name, atMs, durationMs: numberOf((each as Fields).duration_ms) }];
  });
}
