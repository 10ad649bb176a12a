import type { DomainReport, TlsPolicyReport } from "../../../schemas/domain-report.js";
import { failureError } from "../../run/failure-error.js";
import { decodeAs } from "../charset.js";
import { shown } from "../limits.js";
import { DOMAIN_REPORT_LIMITS as LIMITS } from "./limits.js";
import { Problems } from "./problems.js";

type Fields = Readonly<Record<string, unknown>>;

/** A TLS report (RFC 8460, 4.4). */
export function readTlsReport(document: Buffer): Omit<DomainReport, "packing"> {
  const report = fieldsOf(document);
  const problems = new Problems();
  const policies = listIn(report, "policies");
  if (policies === null) throw failureError("parse", "unsupported", "it is JSON without policies, and no TLS report");
  if (policies.length > LIMITS.policies) problems.add(`it has ${policies.length} policies, of which ${LIMITS.policies} were read`);
  const read = policies.slice(0, LIMITS.policies).map((policy, index) => policyOf(asFields(policy), index, problems));
  const range = asFields(report["date-range"]);
  return {
    kind: "tls",
    format: "rfc8460",
    domain: read.find(({ domain }) => domain !== null)?.domain ?? null,
    receiver: { name: textIn(report, "organization-name"), email: null, contact: textIn(report, "contact-info"), generator: null },
    report_id: textIn(report, "report-id"),
    begin: timeIn(range, "start-datetime", problems),
    end: timeIn(range, "end-datetime", problems),
    policy: null,
    messages: null,
    sources: [],
    sources_left_out: 0,
    tls: { successful: sum(read.map(({ successful }) => successful)), failed: sum(read.map(({ failed }) => failed)), policies: read },
    problems: problems.list,
  };
}

function fieldsOf(document: Buffer): Fields {
  if (marksOf(document) > LIMITS.jsonMarks) throw failureError("parse", "limit_exceeded", `its JSON has more than ${LIMITS.jsonMarks} values`);
  const text = decodeAs("utf-8", document.toString("latin1"));
  if (text === null) throw failureError("parse", "protocol_violation", "its bytes are not valid in utf-8");
  try {
    return asFields(JSON.parse(text.replace(/^\ufeff/, "")));
  } catch (error) {
    throw failureError("parse", "protocol_violation", `it is not valid JSON: ${shown((error as Error).message, 200)}`);
  }
}

function marksOf(document: Buffer): number {
  let marks = 0;
  for (let at = 0; at < document.length; at++) if (document[at] === BRACKET || document[at] === BRACE || document[at] === COMMA) marks++;
  return marks;
}

const [BRACKET, BRACE, COMMA] = Buffer.from("[{,");

function policyOf(entry: Fields, index: number, problems: Problems): TlsPolicyReport {
  const policy = asFields(entry.policy);
  const summary = asFields(entry.summary);
  const details = listIn(entry, "failure-details") ?? [];
  if (details.length > LIMITS.failures) problems.add(`policy ${index + 1} has ${details.length} failure-details, of which ${LIMITS.failures} were read`);
  // Some write one pattern as a text.
  const hosts = listIn(policy, "mx-host") ?? [policy["mx-host"]];
  return {
    type: textIn(policy, "policy-type") ?? "unknown",
    domain: textIn(policy, "policy-domain")?.toLowerCase() ?? null,
    mail_hosts: hosts.slice(0, LIMITS.listItems).flatMap((host) => (typeof host === "string" ? [shown(host.toLowerCase(), LIMITS.textCharacters)] : [])),
    successful: countIn(summary, "total-successful-session-count", problems),
    failed: countIn(summary, "total-failure-session-count", problems),
    failures: details.slice(0, LIMITS.failures).map((detail) => failureOf(asFields(detail), problems)),
  };
}

function failureOf(detail: Fields, problems: Problems): TlsPolicyReport["failures"][number] {
  return {
    type: textIn(detail, "result-type") ?? "unknown",
    sessions: countIn(detail, "failed-session-count", problems),
    sending_ip: textIn(detail, "sending-mta-ip"),
    mail_host: textIn(detail, "receiving-mx-hostname")?.toLowerCase() ?? null,
    receiving_ip: textIn(detail, "receiving-ip"),
    reason: textIn(detail, "failure-reason-code"),
    information: textIn(detail, "additional-information"),
  };
}

function asFields(value: unknown): Fields {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Fields) : {};
}

function listIn(fields: Fields, name: string): unknown[] | null {
  const value = fields[name];
  return Array.isArray(value) ? value : null;
}

function textIn(fields: Fields, name: string): string | null {
  const value = fields[name];
  if (typeof value !== "string" || value.trim() === "") return null;
  return shown(value.trim(), LIMITS.textCharacters);
}

/** Some write numbers as texts. */
function countIn(fields: Fields, name: string, problems: Problems): number {
  const value = typeof fields[name] === "string" && /^\d{1,12}$/.test(fields[name]) ? Number(fields[name]) : fields[name];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= 1e12) return value;
  problems.add(`${name} is not a number of sessions: counted as 0`);
  return 0;
}

/** RFC 3339. */
function timeIn(range: Fields, name: string, problems: Problems): string | null {
  const written = range[name];
  const isTime = typeof written === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i.test(written);
  const time = isTime ? Date.parse(written) : Number.NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString().replace(".000Z", "Z");
  problems.add(`date-range has no ${name}`);
  return null;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
