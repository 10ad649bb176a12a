import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import { authenticationOf } from "../../runner/mail/authentication.js";
import { fromDomains } from "../../runner/mail/dkim/from-domains.js";
import { type AuthenticatedDomain, evaluateDmarc, type UndecidedDomain } from "../../runner/mail/dmarc/evaluate.js";
import { parseHeader } from "../../runner/mail/header.js";
import { parseIp } from "../../runner/mail/spf/ip-address.js";
import { onceEach, textsOf } from "../../runner/mail/verify/key-lookup.js";
import { readMessage } from "../../runner/mail/verify/message-parts.js";
import { verifyArc } from "../../runner/mail/verify/verify-arc.js";
import { verifyDkim } from "../../runner/mail/verify/verify-dkim.js";
import { dnsName } from "../../runner/net/dns/name.js";
import { type Questions, questionsOf } from "../../runner/posture/questions.js";
import { examineReverse } from "../../runner/posture/reverse/examine.js";
import { statusOf } from "../../runner/run/judge.js";
import { parseHost } from "../../schemas/host.js";
import { bulkSenderRules } from "./bulk-sender.js";
import { checkSpf } from "./check-spf.js";
import { judge } from "./judge.js";
import { receiptOf } from "./receipt.js";
import type { Receipt } from "./received-message.js";
import type { Output } from "./schema.js";

export type Facts = Evidence<Output>;
/** Verifies a received message: for mail.verify, and for a probe that has received one. */
export async function verifyMessage(bytes: Buffer, input: Receipt, ctx: Context<"resolver">): Promise<Facts> {
  const message = readMessage(bytes);
  const header = parseHeader(bytes.toString("latin1"));
  const received = receiptOf(input, header);
  const evidence = nothingYet(input, received);
  evidence.from_domains = fromDomains(message.fields);
  evidence.receiver = authenticationOf(header, input.authserv_ids ?? []);
  const lookup = onceEach(async (name) =>
    dnsName(name) === null ? { outcome: "no_such_name", texts: [], problem: null } : textsOf(await ctx.resolver.query(name, "TXT", input)),
  );
  let fromExists: boolean | null = null;
  evidence.failure = await ctx.attempt(async () => {
    const options = { lookup, at: Date.parse(received.at) };
    evidence.spf = await checkSpf(received, (name, type) => ctx.resolver.query(name, type, input));
    evidence.dkim = (await verifyDkim(message, options)).map((each) => ({ ...each, signed_fields: [...each.signed_fields], is_aligned: false }));
    evidence.arc = { ...(await verifyArc(message, options)) } as Facts["arc"];
    const exists = async (domain: string): Promise<boolean | null> => existence((await ctx.resolver.query(domain, "A", { ...input, dnssec: true })).outcome);
    evidence.dmarc = (await evaluateDmarc({
      authorDomains: evidence.from_domains,
      authenticated: authenticatedBy(evidence),
      undecided: undecidedBy(evidence),
      lookup,
      exists,
    })) as Facts["dmarc"];
    [evidence.reverse, fromExists] = await Promise.all([
      reverseOf(received.ip, questionsOf(ctx.resolver, input)),
      answersSoa(evidence.from_domains, input, ctx),
    ]);
    for (const each of evidence.dkim) {
      each.is_aligned = each.result === "pass" && evidence.dmarc.aligned.some(({ method, domain }) => method === "dkim" && domain === each.domain);
    }
  });
  evidence.bulk_sender = bulkSenderRules(evidence, header, fromExists);
  evidence.findings = evidence.failure === null ? judge(evidence, message.isCut) : [];
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

async function reverseOf(ip: string | null, questions: Questions): Promise<Facts["reverse"]> {
  if (ip === null || parseIp(ip) === null) return null;
  const { names, confirmed, is_unsure: isUnsure } = await examineReverse({ address: ip, heloName: null, domain: null }, questions);
  const outcome = confirmed.length > 0 ? "confirmed" : isUnsure ? "unknown" : names.length > 0 ? "not_confirmed" : "no_name";
  return { names: [...names], confirmed: [...confirmed], outcome };
}

/** A name that exists answers, also one below the zone's own. */
async function answersSoa([from]: readonly string[], input: Receipt, ctx: Context<"resolver">): Promise<boolean | null> {
  if (from === undefined || dnsName(from) === null) return false;
  return existence((await ctx.resolver.query(from, "SOA", { ...input, dnssec: true })).outcome);
}

function authenticatedBy({ spf, dkim }: Facts): AuthenticatedDomain[] {
  const domains: AuthenticatedDomain[] = dkim.flatMap(({ result, domain }) => (result === "pass" && domain !== null ? [{ method: "dkim", domain }] : []));
  if (spf.result === "pass" && spf.domain !== null) domains.push({ method: "spf", domain: spf.domain });
  const isFirst = ({ method, domain }: AuthenticatedDomain, index: number): boolean =>
    domains.findIndex((each) => each.method === method && each.domain === domain) === index;
  return domains.filter(isFirst);
}

/** What may have passed, if there had been an answer, or the connecting address were known. */
function undecidedBy({ spf, dkim, received }: Facts): UndecidedDomain[] {
  const unanswered: UndecidedDomain[] = dkim.flatMap(({ result, domain }) => (result === "temperror" ? [{ method: "dkim", domain, why: "temperror" }] : []));
  if (spf.result === "temperror") unanswered.push({ method: "spf", domain: spf.domain, why: "temperror" });
  if (spf.result === "not_evaluated") unanswered.push({ method: "spf", domain: senderDomain(received), why: "unknown" });
  return unanswered;
}

/** Null if the sender is not known, or empty: then the EHLO name counts, which may be any. */
function senderDomain({ mail_from: sender, helo_domain: helo }: Facts["received"]): string | null {
  const written = sender === null || sender === "" ? helo : sender.slice(sender.lastIndexOf("@") + 1);
  const host = written === null ? null : parseHost(written);
  return host?.kind === "name" ? host.host.toLowerCase() : null;
}

/** RFC 9989 and RFC 8020: a name does not exist when the answer is NXDOMAIN, or says the same in a signed zone (RFC 9824). */
function existence(outcome: string): boolean | null {
  if (outcome === "no_such_name") return false;
  return outcome === "found" || outcome === "no_data" ? true : null;
}

function nothingYet(input: Receipt, received: Facts["received"]): Facts {
  return {
    status: "ok",
    failure: null,
    from_domains: [],
    received,
    spf: { result: "not_evaluated", domain: null, identity: null, problem: null, explanation: null, lookups: null, void_lookups: null },
    dkim: [],
    dmarc: {
      result: "none",
      reason: null,
      policy_domain: null,
      organizational_domain: null,
      policy: null,
      published_policy: null,
      record: null,
      aligned: [],
      walk: [],
    },
    arc: { result: "none", reason: null, instance: null, sealers: [], oldest_pass: null },
    receiver: authenticationOf({ fields: [], isCut: false }, input.authserv_ids ?? []),
    reverse: null,
    bulk_sender: {
      spf_or_dkim: "unknown",
      spf_and_dkim: "unknown",
      dmarc_record: "unknown",
      dmarc_pass: "unknown",
      aligned: "unknown",
      reverse_dns: "unknown",
      tls: "unknown",
      message_format: "unknown",
      from_domain_exists: "unknown",
      one_click_unsubscribe: "unknown",
      dkim_key_bits: "unknown",
    },
    findings: [],
  };
}
