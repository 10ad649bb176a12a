import type { DirectReply } from "../../runner/net/dns/direct-query.js";
import { extendedErrorName } from "../../runner/net/dns/extended-error.js";
import { rcodeName } from "../../runner/net/dns/rcode.js";
import { type DnsRecord, TYPES } from "../../runner/net/dns/wire/message.js";
import { typeName } from "../../schemas/dns-types.js";
import type { Question } from "./questions.js";
import type { Answer } from "./schema.js";

/** What one server answered, as the output shows it. */
export function answerOf(server: string, { name, type }: Question, reply: DirectReply): Omit<Answer, "dnssec" | "dnssec_detail"> {
  const { message } = reply;
  return {
    server,
    name,
    type: typeName(type),
    transport: reply.transport,
    rcode: message === null ? null : rcodeName(message.rcode),
    flags: message?.flags ?? null,
    records: (message?.answers ?? []).map(recordOf),
    authority: (message?.authorities ?? []).map(recordOf),
    cname_chain: message === null || type === TYPES.CNAME ? [] : chainFrom(name, message.answers),
    edns_size: message?.edns?.udpBytes ?? null,
    edns_refused: reply.ednsRefused,
    extended_errors: (message?.edns?.errors ?? []).map(({ code, text }) => ({ code, name: extendedErrorName(code), text })),
    truncated: reply.truncated,
    bytes: message?.bytes ?? null,
    duration_ms: reply.durationMs,
    tls: reply.tls,
    http_version: reply.httpVersion,
    failure: reply.failure,
  };
}

function recordOf({ name, type, ttl, text }: DnsRecord): Answer["records"][number] {
  return { name, type: typeName(type), data: text, ttl };
}

/** A circle ends where it closes. */
function chainFrom(name: string, answers: readonly DnsRecord[]): string[] {
  const chain: string[] = [];
  for (let last = name; ; ) {
    const alias = answers.find((record) => record.type === TYPES.CNAME && record.name === last);
    if (alias === undefined) return chain;
    const target = alias.text === "." ? "." : alias.text.slice(0, -1);
    chain.push(target);
    if (target === name || chain.indexOf(target) < chain.length - 1) return chain;
    last = target;
  }
}

/** The data of the records that were asked for, at the end of the aliases, sorted: servers rotate them. */
export function dataOf({ name, type, records, cname_chain: chain }: Answer): string[] {
  const last = chain.at(-1) ?? name;
  return records
    .filter((record) => record.name === last && (type === "ANY" || record.type === type))
    .map(({ data }) => data)
    .sort();
}

export function hasCircle({ name, cname_chain: chain }: Answer): boolean {
  return chain.length > 0 && new Set([name, ...chain]).size <= chain.length;
}
