import { type Random, seededRandom } from "../../runner/net/dns/shuffle.js";
import { type Mailbox, parseMailbox } from "../../runner/net/smtp/mailbox.js";
import { domainOf } from "../../schemas/host.js";
import type { CatchAllVerdict } from "../../schemas/rcpt.js";
import type { Speaker } from "./decide.js";
import { type Ctx, type Domain, newQuestion, type Question, type RcptEvidence } from "./evidence.js";

const DAY_MS = 24 * 3600 * 1000;
/** An undecided answer is worth asking for again soon. */
const UNDECIDED_MS = 300_000;

/**
 * A host's reply about a random address. It holds for that host and IP address alone: a backup host that accepts everything says nothing about the
 * primary's replies, nor the other way round.
 */
export interface HostCheck {
  readonly domain: Domain;
  readonly speaker: Speaker;
  /** The addresses that this host accepted. */
  readonly accepted: readonly Question[];
}

/** The hosts whose answer to a random address is needed, because they accepted one. */
export function hostChecks({ domains }: RcptEvidence, questions: readonly Question[]): HostCheck[] {
  const checks = new Map<string, HostCheck & { accepted: Question[] }>();
  for (const question of questions) {
    const { category, mx_host: host, ip_address: ipAddress } = question.result;
    const domain = domains.find((each) => each.domain === domainOf(question.mailbox.host));
    if (question.isRecalled || category !== "accept" || host === null || ipAddress === null || domain === undefined) continue;
    const key = `${domain.domain} ${host} ${ipAddress}`;
    const check = checks.get(key) ?? { domain, speaker: { host, ipAddress }, accepted: [] };
    check.accepted.push(question);
    checks.set(key, check);
  }
  return [...checks.values()];
}

/** True if the host's answer is known from an earlier run. Then it is used, whether or not the host may be asked again. */
export function recallCatchAll(ctx: Ctx, check: HostCheck): boolean {
  const known = ctx.sites.catchAll(keyOf(check));
  if (known === null) return false;
  conclude(check, { verdict: known.verdict, asked: true, from_cache: true, address: null, code: known.code, message: known.message });
  return true;
}

/** What the answer to the random address says of the host. Only a refusal of that very mailbox shows that mailboxes are looked up. */
export function keepCatchAll(ctx: Ctx, check: HostCheck, { result }: Question): void {
  const { category, code, message, decided_at: at } = result;
  const wasAsked = at === "rcpt" && code !== null;
  const verdict = verdictOf(result);
  conclude(check, { verdict, asked: wasAsked, from_cache: false, address: result.email, code: code ?? null, message: message ?? null });
  if (wasAsked) ctx.sites.keepCatchAll(keyOf(check), { verdict, code, message }, category === "unknown" || verdict === "unknown" ? UNDECIDED_MS : DAY_MS);
}

function keyOf({ domain: { domain, site }, speaker: { host, ipAddress } }: HostCheck): string {
  return `${domain} ${site} ${host} ${ipAddress}`;
}

function conclude({ domain, speaker, accepted }: HostCheck, found: Omit<Domain["catch_all"], "mx_host" | "ip_address">): void {
  for (const question of accepted) question.catchAll = found;
  // The domain shows the answer that warns most.
  if (WARNING[found.verdict] > WARNING[domain.catch_all.verdict] || !domain.catch_all.asked) {
    domain.catch_all = { ...found, mx_host: speaker.host, ip_address: speaker.ipAddress };
  }
}

const WARNING: Readonly<Record<CatchAllVerdict, number>> = { unknown: 0, no: 1, yes: 2 };

function verdictOf({ category, reason }: Question["result"]): CatchAllVerdict {
  if (category === "accept") return reason === "mailbox_exists" ? "yes" : "unknown";
  return category === "hard_fail" && reason === "mailbox_unknown" ? "no" : "unknown";
}

/** A random address in the domain of those that the host accepted; null if their form allows none. */
export function randomQuestion({ accepted }: HostCheck, random: Random): Question | null {
  const { path, localPart } = (accepted[0] as Question).mailbox as Mailbox;
  const email = `${randomLocalPart(random)}${path.slice(localPart.length)}`;
  const mailbox = parseMailbox(email);
  if ("problem" in mailbox) return null;
  const result = { email, category: "unknown" } as Question["result"];
  return newQuestion(mailbox, result);
}

/** The same addresses for the same seed. */
export function randomOf({ seed }: RcptEvidence): Random {
  return seededRandom(seed);
}

const SYLLABLES = ["ba", "den", "fo", "gar", "hu", "jo", "kel", "li", "mor", "nu", "per", "ras", "sil", "to", "vin", "wex"] as const;

/** Looks like a name, because filters recognise random characters; six digits after it make sure that no mailbox has it. */
function randomLocalPart(random: Random): string {
  const word = (length: number): string => Array.from({ length }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join("");
  return `${word(3)}.${word(4)}${String(Math.floor(random() * 1_000_000)).padStart(6, "0")}`;
}
