import type { Check, CheckEvidence, Verdict } from "../../../schemas/check.js";
import { advice, check, type Rule } from "../check.js";
import { plainAddress } from "../plain-address.js";
import type { TlsReportFacts } from "./examine.js";

export interface TlsReportJudgeOptions {
  readonly evidence: readonly CheckEvidence[];
  /** The domain has an MTA-STS policy or TLSA records, whose failures only reports show. */
  readonly isNeeded: boolean | null;
}

const RECORD: Rule = { id: "tlsrpt.record", area: "receiving", spec: "RFC 8460 3" };

export function judgeTlsReports(
  { domain, state, rua, problem, texts, near_misses: near }: TlsReportFacts,
  { evidence, isNeeded }: TlsReportJudgeOptions,
): Check[] {
  const name = `_smtp._tls.${domain}`;
  const mailbox = [...texts, ...near].map(plainAddress).find((address) => address !== null) ?? `tlsrpt@${domain}`;
  const fixed = `v=TLSRPTv1; rua=mailto:${mailbox}`;
  if (state === "unknown") return [check(RECORD, "unknown", problem ?? "no answer", { evidence })];
  if (state === "invalid")
    return [
      check(RECORD, "error", problem ?? "invalid", {
        evidence,
        advice: advice("No sender reports by an invalid record.", [{ name, type: "TXT", old: texts[0] ?? null, new: fixed }]),
      }),
    ];
  if (near.length > 0 && state === "none")
    return [
      check(RECORD, "error", `${JSON.stringify(near[0]?.slice(0, 100))} does not begin with "v=TLSRPTv1;" exactly, so it does not count`, {
        evidence,
        advice: advice("Correct the record.", [{ name, type: "TXT", old: near[0] ?? null, new: fixed }]),
      }),
    ];
  if (state === "none") {
    const verdict: Verdict = isNeeded === true ? "warning" : "notice";
    return [
      check(RECORD, verdict, `${domain} requests no TLS reports: failures of its senders stay unknown`, {
        evidence,
        advice: advice("Reports show whether your policy keeps mail away.", [{ name, type: "TXT", old: null, new: fixed }]),
      }),
    ];
  }
  const odd = oddities(texts);
  if (odd !== null) return [check(RECORD, "notice", odd, { evidence })];
  return [check(RECORD, "pass", `reports go to ${rua.join(", ")}`, { evidence })];
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/;
/** Printable characters but blanks, `;` and `=`. */
const VALUE = /^[!-:<>-~]+$/;

/** What senders that read strictly may not accept. */
function oddities(texts: readonly string[]): string | null {
  const record = texts.find((text) => /^v=TLSRPTv1[ \t]*;/.test(text)) ?? "";
  const [, ...fields] = record.split(";").map((field) => field.trim());
  if (fields.at(-1) === "") fields.pop();
  const wrong = fields.find((field) => !isField(field));
  if (wrong !== undefined) return `the record holds ${JSON.stringify(wrong.slice(0, 100))}, which is no valid field`;
  const rua = fields.find((field) => nameOf(field).toLowerCase() === "rua") ?? "";
  const unusable = uris(rua).filter((uri) => !/^(?:mailto:[^@\s!]+@[^@\s!]+|https:\/\/[^\s!]+)$/i.test(uri));
  return unusable.length === 0 ? null : `senders cannot report to ${unusable.join(", ").slice(0, 200)}`;
}

function isField(field: string): boolean {
  const name = nameOf(field);
  if (!NAME.test(name)) return false;
  return name.toLowerCase() === "rua" ? uris(field).every((uri) => uri !== "") : VALUE.test(valueOfField(field));
}

function nameOf(field: string): string {
  return field.slice(0, Math.max(0, field.indexOf("="))).trim();
}

function valueOfField(field: string): string {
  return field.slice(field.indexOf("=") + 1).trim();
}

function uris(rua: string): string[] {
  return rua === ""
    ? []
    : valueOfField(rua)
        .split(",")
        .map((uri) => uri.trim());
}
