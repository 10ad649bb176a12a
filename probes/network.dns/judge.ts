import { failedAssertions, show } from "../../runner/assertions/assertions.js";
import { extendedErrorText } from "../../runner/net/dns/extended-error.js";
import { finding } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import type { Finding } from "../../schemas/finding.js";
import { dataOf, hasCircle } from "./answer.js";
import type { Answer, Expectations, Input, Output } from "./schema.js";

type Compared = Pick<Output, "agreement" | "serials" | "lame_servers">;

/** Judges every answer, and what the servers say beside each other. */
export function judge(input: Input, answers: readonly Answer[], wanted: readonly (Expectations | undefined)[], compared: Compared): Finding[] {
  return [
    ...answers.flatMap((answer, index) => answerFindings(input, answer, wanted[index])),
    ...(input.compare ? differences(input, compared) : []),
    ...compared.lame_servers.map(({ server, name, reason }) =>
      finding("error", "lame_server", `${server} does not serve ${name}: ${reason}`, "an authoritative answer", reason),
    ),
  ];
}

function answerFindings(input: Input, answer: Answer, expect: Expectations | undefined): Finding[] {
  const { server, name, type, failure } = answer;
  const what = `${type} ${name} at ${server}`;
  if (failure !== null) return [finding("error", "no_answer", `${what}: ${failure.message}`, "an answer", failure.code)];
  return [
    ...(expect === undefined && answer.rcode === "NOERROR" ? [] : unmetExpectations("error", { ...expect, rcode: expect?.rcode ?? "NOERROR" }, answer, what)),
    ...(expect?.dnssec === undefined ? dnssecFindings(answer, what) : []),
    ...(input.prefer === undefined ? [] : unmetExpectations("warning", input.prefer, answer, what)),
    ...(hasCircle(answer) ? [finding("error", "cname_loop", `${what}: the aliases lead in a circle`, null, answer.cname_chain.join(" "))] : []),
    ...(answer.edns_refused && input.edns_size > 0 ? [finding("warning", "edns_refused", `${what}: the server takes EDNS for an error`)] : []),
    ...certificateFindings(answer.tls, input.tls as never, server),
  ];
}

function dnssecFindings({ dnssec, dnssec_detail: detail }: Answer, what: string): Finding[] {
  if (dnssec !== "bogus" && dnssec !== "indeterminate") return [];
  const where = detail?.name ?? "";
  return [finding(dnssec === "bogus" ? "error" : "warning", `dnssec_${dnssec}`, `${what}: DNSSEC: ${where}: ${detail?.reason}`, "secure or insecure", dnssec)];
}

function unmetExpectations(severity: Finding["severity"], wanted: Expectations, answer: Answer, what: string): Finding[] {
  const data = dataOf(answer);
  const ttls = answer.records.map(({ ttl }) => ttl);
  const actual: Readonly<Record<Exclude<keyof Expectations, "max_answer_ms" | "min_signature_days">, unknown>> = {
    rcode: answer.rcode,
    records: data,
    count: data.length,
    text: data.join("\n"),
    ttl: ttls.length === 0 ? null : Math.min(...ttls),
    authoritative: answer.flags?.aa ?? null,
    authenticated: answer.flags?.ad ?? null,
    truncated: answer.truncated,
    dnssec: answer.dnssec,
    extended_errors: answer.extended_errors.map(({ code }) => code),
  };
  const unmetFields = (Object.keys(actual) as (keyof typeof actual)[]).filter((field) => wanted[field] !== undefined);
  const { max_answer_ms: limit, min_signature_days: days } = wanted;
  const left = answer.dnssec_detail?.signature_days_left ?? null;
  return [
    ...unmetFields.flatMap((field) => {
      const expected = field === "records" && Array.isArray(wanted.records) ? [...wanted.records].sort() : wanted[field];
      const phrases = failedAssertions(expected, actual[field]).join(" and ");
      const errors = field === "rcode" ? answer.extended_errors.map(extendedErrorText) : [];
      const shown = [show(actual[field]), ...errors].join(", ");
      return phrases === "" ? [] : [finding(severity, `${field}_unexpected`, `${what}: ${field}: expected ${phrases}, got ${shown}`, phrases, shown)];
    }),
    ...(days === undefined || (left !== null && left >= days)
      ? []
      : [finding(severity, "signature_expires_soon", `${what}: a signature is valid for ${left ?? "no"} days`, days, left)]),
    ...(limit === undefined || answer.duration_ms <= limit
      ? []
      : [finding(severity, "slow_answer", `${what} took ${answer.duration_ms} ms`, limit, answer.duration_ms)]),
  ];
}

function differences({ max_serial_spread: most }: Input, { agreement, serials }: Compared): Finding[] {
  return [
    ...agreement
      .filter(({ agrees }) => !agrees)
      .map(({ name, type, variants }) => {
        const shown = variants.map(({ rcode, data, servers }) => `${servers.join(", ")}: ${rcode} ${data.join(", ")}`.trim()).join("; ");
        return finding("warning", "servers_disagree", `${type} ${name}: the servers give different answers: ${shown}`, "the same answer", shown);
      }),
    ...serials
      .filter(({ spread }) => spread > most)
      .map(({ zone, servers, spread }) => {
        const shown = servers.map(({ server, serial }) => `${server}: ${serial}`).join(", ");
        return finding("warning", "serials_differ", `the SOA serial numbers of ${zone} are ${spread} apart: ${shown}`, `at most ${most}`, spread);
      }),
  ];
}
