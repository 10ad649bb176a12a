import { isIP } from "node:net";
import { parseHost } from "../../../schemas/host.js";
import type { TargetProblem } from "../../../schemas/mx.js";
import { isLocalhost } from "./hosts-file.js";
import { dnsName } from "./name.js";
import type { DataOf } from "./records.js";
import { type Random, shuffled } from "./shuffle.js";

/** A mail host as a domain's MX records name it. */
export interface MailTarget {
  readonly host: string;
  readonly preference: number;
  readonly problem: TargetProblem | null;
}

/**
 * The hosts of an MX answer in the order of attempts: the lowest preference first, equal ones in random order (RFC 5321, section 5.1). A null MX is
 * no host; a host that is listed twice counts at its first position.
 */
export function mailTargets(records: readonly DataOf<"MX">[], random: Random): MailTarget[] {
  const byPreference = new Map<number, Map<string, MailTarget>>();
  for (const { exchange, preference = 0 } of records) {
    if (isNullMx(exchange)) continue;
    const host = dnsName(exchange) ?? exchange;
    const equals = byPreference.get(preference) ?? new Map<string, MailTarget>();
    byPreference.set(preference, equals.set(host, { host, preference, problem: problemOf(host) }));
  }
  const preferences = [...byPreference.keys()].sort((a, b) => a - b);
  // What the server's own order was must not show in ours, or a seed would not give the same order twice.
  const inOrder = preferences.flatMap((preference) => shuffled([...(byPreference.get(preference)?.values() ?? [])].sort(byName), random));
  return inOrder.filter(({ host }, index) => inOrder.findIndex((other) => other.host === host) === index);
}

/** RFC 7505: the root as its mail host says that a domain takes no mail. */
export function isNullMx(exchange: string): boolean {
  return exchange === "." || exchange === "";
}

function byName(a: MailTarget, b: MailTarget): number {
  return a.host < b.host ? -1 : 1;
}

function problemOf(host: string): TargetProblem | null {
  if (isIP(host) !== 0 || /^[0-9.]+$/.test(host)) return "address";
  if (isLocalhost(host)) return "localhost";
  if (dnsName(host) === null || host.includes(" ")) return "not_a_name";
  return parseHost(host) === null ? "not_a_host_name" : null;
}
