import type { OutputOf } from "../../harness/probe-types.js";
import { printable, printableLine } from "../../support/printable.js";
import type { Style } from "../../support/style.js";
import { table } from "../../support/table.js";
import { wrapped } from "../../support/wrap-text.js";

type Output = OutputOf<"mail.verify@1.0.0">;
type Signature = Output["dkim"][number];

interface Look {
  readonly style: Style;
  readonly width: number;
}

/** What mail.verify found, for a person: the message, our verdicts with alignment, those of the hosts on the way, and what to do about it. */
export function verdictsOf(output: Output, look: Look): string {
  const sections = [
    messageLines(output),
    verdictLines(output),
    heading("Verdicts on the way", hostTable(output, look), look),
    heading("Changes of verdict", changesOf(output), look),
    heading("Bulk sender rules", bulkSenderLines(output), look),
    heading("Findings", findingLines(output), look),
  ];
  const text = sections.filter((lines) => lines.length > 0).map((lines) => lines.flatMap((line) => hanging(line, look.width)));
  return `${text.map((lines) => lines.map((line) => coloured(line, look.style)).join("\n")).join("\n\n")}\n`;
}

function messageLines({ from_domains: from, received: { ip, mail_from: sender, helo_domain: helo, at, source } }: Output): string[] {
  const origin = source === "input" ? "given" : "from the trusted Received field";
  return [
    field("From", from.join(", ") || "no domain"),
    field("Sender", sender === null ? "unknown" : sender || "<> (a bounce)"),
    field("Client", ip === null ? "unknown: give --ip or --trusted-host" : `${ip}${helo === null ? "" : `, EHLO ${helo}`} (${origin})`),
    field("Received", at),
  ];
}

function verdictLines(output: Output): string[] {
  const { failure, dmarc, spf, dkim, arc } = output;
  const isAligned = dmarc.aligned.some(({ method }) => method === "spf");
  const signatures = dkim.length === 0 ? [field("DKIM", "none: the message has no signature")] : dkim.map((each) => field("DKIM", signatureText(each, output)));
  return [
    ...(failure === null ? [] : [field("Failure", `${failure.phase}: ${failure.message}`)]),
    field("DMARC", dmarcText(output)),
    field("SPF", [
      spf.result.replace("_", " "),
      spf.domain,
      spf.identity?.toUpperCase().replace("_", " ") ?? null,
      isAligned ? alignmentText(true, output) : spfAlignment(output),
      spf.problem,
      spf.explanation,
    ]),
    ...signatures,
    field("ARC", [arc.result, arc.sealers.length === 0 ? null : `sealed by ${arc.sealers.join(", ")}`, arc.reason]),
  ];
}

function dmarcText({ dmarc, from_domains: from }: Output): (string | null)[] {
  const { result, reason, policy, policy_domain: owner, published_policy: published } = dmarc;
  const policyText = policy === null ? null : `policy ${policy} of ${owner}${published === policy ? "" : ` (published as ${published}, with t=y)`}`;
  const aligned = dmarc.aligned.map(({ method, domain }) => `${method.toUpperCase()} ${domain}`);
  return [result, policyText, aligned.length === 0 ? null : `${aligned.join(" and ")} aligned with From ${from.join(", ")}`, reason];
}

function spfAlignment(output: Output): string | null {
  return output.spf.result === "pass" ? alignmentText(false, output) : null;
}

/** Alignment is judged by the record: without one there is no answer. */
function alignmentText(isAligned: boolean, { dmarc, from_domains: from }: Output): string | null {
  if (dmarc.record === null) return null;
  return isAligned ? `aligned with From ${from.join(", ")}` : `not aligned with From ${from.join(", ")}`;
}

function signatureText(signature: Signature, output: Output): (string | null)[] {
  const { result, domain, selector, algorithm, key_bits: bits, message, unsigned_body_bytes: unsigned, is_test: isTest } = signature;
  return [
    result,
    domain,
    selector === null ? null : `selector ${selector}`,
    algorithm === null ? null : `${algorithm}${bits === null ? "" : ` with ${bits} bits`}`,
    result === "pass" ? alignmentText(signature.is_aligned, output) : null,
    unsigned > 0 ? `${unsigned} bytes of the body are not signed` : null,
    isTest ? "a test key (t=y)" : null,
    result === "pass" ? null : message,
  ];
}

const METHODS = ["spf", "dkim", "dmarc", "arc"] as const;
type Method = (typeof METHODS)[number];

/** What one host found, or what we find now. */
interface Row {
  readonly host: string;
  readonly results: Readonly<Partial<Record<Method, string>>>;
}

const SOURCES: Readonly<Record<string, string>> = {
  receiver: "Authentication-Results",
  received_spf: "Received-SPF",
  arc: "ARC set",
  original: "kept from an earlier host",
};

/** The hosts' rows from the first on the way to the last, then ours. */
function rowsOf({ receiver: { verdicts }, spf, dkim, dmarc, arc }: Output): Row[] {
  const hosts = new Map<string, Map<Method, string>>();
  for (const { source, authserv_id: id, arc_instance: instance, method, result } of verdicts) {
    const kind = instance === null ? SOURCES[source] : `${SOURCES[source]} ${instance}`;
    const host = `${id ?? "unnamed host"} (${kind})`;
    const results = hosts.get(host) ?? new Map<Method, string>();
    const isKnown = METHODS.find((each) => each === method);
    // One signature that passes is enough.
    if (isKnown !== undefined && (!results.has(isKnown) || result === "pass")) results.set(isKnown, result);
    hosts.set(host, results);
  }
  const theirs = [...hosts].map(([host, results]) => ({ host, results: Object.fromEntries(results) })).reverse();
  const signature = dkim.some(({ result }) => result === "pass") ? "pass" : (dkim[0]?.result ?? "none");
  return [...theirs, { host: "probe-run (now)", results: { spf: spf.result, dkim: signature, dmarc: dmarc.result, arc: arc.result } }];
}

function hostTable(output: Output, { width }: Look): string[] {
  const rows = rowsOf(output);
  if (rows.length === 1) return [];
  const cells = rows.map(({ host, results }) => [...METHODS.map((method) => results[method] ?? "-"), host].map(printableLine));
  return table(["SPF", "DKIM", "DMARC", "ARC", "HOST"], cells, width - INDENT.length)
    .trimEnd()
    .split("\n");
}

/** A method whose result differs from one host to the next: a forwarder, a changed body, or a key that is gone by now. */
function changesOf(output: Output): string[] {
  const rows = rowsOf(output);
  return METHODS.flatMap((method) => {
    const found = rows.flatMap(({ host, results }) => {
      const result = results[method];
      return result === undefined || result === "not_evaluated" ? [] : [{ host, result }];
    });
    return found.slice(1).flatMap(({ host, result }, index) => {
      const before = found[index] as { host: string; result: string };
      if (before.result === result) return [];
      return [printableLine(`${method.toUpperCase()}: ${before.result} at ${before.host}, ${result} at ${host}`)];
    });
  });
}

const RULES: Readonly<Record<keyof Output["bulk_sender"], string>> = {
  spf_or_dkim: "SPF or DKIM passes (Gmail, Yahoo)",
  reverse_dns: "The connecting address has a confirmed name (Gmail, Yahoo)",
  tls: "The message came over TLS (Gmail)",
  message_format: "From and Date once, no field twice (RFC 5322)",
  from_domain_exists: "The domain of From answers an SOA query (Yahoo)",
  spf_and_dkim: "SPF and DKIM pass (bulk senders: Gmail, Yahoo, Outlook.com)",
  dmarc_record: "The domain has a DMARC record (bulk senders: all three)",
  dmarc_pass: "DMARC passes (bulk senders: Yahoo)",
  aligned: "SPF or DKIM is aligned with From (bulk senders: all three)",
  one_click_unsubscribe: "One-click unsubscribe, signed (RFC 8058; bulk senders: Gmail, Yahoo)",
  dkim_key_bits: "A passing DKIM key has 1024 bits or more (Yahoo)",
};

function bulkSenderLines({ bulk_sender: rules }: Output): string[] {
  return Object.entries(RULES).map(([name, text]) => `${rules[name as keyof typeof rules].padEnd(8)} ${text}`);
}

function findingLines({ findings }: Output): string[] {
  return findings.map(({ severity, message }) => `${severity.padEnd(8)} ${printableLine(printable(message))}`);
}

const INDENT = "  ";
const NAME_WIDTH = 10;

function field(name: string, value: string | readonly (string | null)[]): string {
  const text = typeof value === "string" ? value : value.filter((part) => part !== null && part !== "").join(", ");
  return `${name.padEnd(NAME_WIDTH)}${printableLine(printable(text))}`;
}

function heading(title: string, lines: readonly string[], { style }: Look): string[] {
  return lines.length === 0 ? [] : [style.bold(title), ...lines.map((line) => `${INDENT}${line}`)];
}

/** A long line continues under its value. */
function hanging(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const [first = "", ...rest] = wrapped(line.slice(NAME_WIDTH), Math.max(20, width - NAME_WIDTH), 0);
  return [`${line.slice(0, NAME_WIDTH)}${first}`, ...rest.map((more) => `${" ".repeat(NAME_WIDTH)}${more}`)];
}

/** Colours the result that stands first in a line's value. */
function coloured(line: string, style: Style): string {
  return line.replace(/^(\w+ +)(pass|fail|softfail|temperror|permerror)\b/, (_, name: string, result: string) => {
    const paint = result === "pass" ? style.green : result === "fail" ? style.red : style.yellow;
    return `${name}${paint(result)}`;
  });
}
