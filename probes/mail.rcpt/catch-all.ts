import { type Random, seededRandom } from "../../runner/net/dns/shuffle.js";
import { type Mailbox, parseMailbox } from "../../runner/net/smtp/mailbox.js";
import type { CatchAllVerdict } from "../../schemas/rcpt.js";
import { type Ctx, type Domain, newQuestion, type Question, type RcptEvidence } from "./evidence.js";
import { domainOf } from "./route-by-site.js";

const DAY_MS = 24 * 3600 * 1000;
/** What is not known may be known soon. */
const UNDECIDED_MS = 300_000;

/** One address of each domain that accepted one: an address that nobody has. Domains of which it is known already are not asked. */
export function randomQuestions(ctx: Ctx, evidence: RcptEvidence, questions: readonly Question[]): { domain: Domain; question: Question }[] {
  const random = seededRandom(evidence.seed);
  return evidence.domains.flatMap((domain) => {
    const accepted = questions.find(({ mailbox, result }) => result.category === "accept" && domainOf(mailbox.host) === domain.domain);
    if (accepted === undefined || recall(ctx, domain)) return [];
    const question = randomQuestion(accepted.mailbox, random);
    return question === null ? [] : [{ domain, question }];
  });
}

function recall(ctx: Ctx, domain: Domain): boolean {
  const known = ctx.sites.catchAll(keyOf(domain));
  if (known === null) return false;
  domain.catch_all = { verdict: known.verdict, asked: true, from_cache: true, address: null, code: known.code, message: known.message };
  return true;
}

/** Two host sets may treat one domain in two ways. */
function keyOf({ domain, site }: Domain): string {
  return `${domain} ${site}`;
}

function randomQuestion({ path, localPart }: Mailbox, random: Random): Question | null {
  const email = `${randomLocalPart(random)}${path.slice(localPart.length)}`;
  const mailbox = parseMailbox(email);
  if ("problem" in mailbox) return null;
  const result = { email, category: "unknown" } as Question["result"];
  return newQuestion(mailbox, result);
}

const SYLLABLES = ["ba", "den", "fo", "gar", "hu", "jo", "kel", "li", "mor", "nu", "per", "ras", "sil", "to", "vin", "wex"] as const;

/** Looks like a person's, for filters know addresses of pure chance; nobody is called so with six figures behind it. */
function randomLocalPart(random: Random): string {
  const word = (length: number): string => Array.from({ length }, () => SYLLABLES[Math.floor(random() * SYLLABLES.length)]).join("");
  return `${word(3)}.${word(4)}${String(Math.floor(random() * 1_000_000)).padStart(6, "0")}`;
}

/** What the answer for the random address says of the domain. Only a refusal of that very mailbox says that others are looked at. */
export function keepCatchAll(ctx: Ctx, domain: Domain, { result }: Question): void {
  const { category, code, message, decided_at: at } = result;
  const wasAsked = at === "rcpt" && code !== null;
  const verdict = verdictOf(result);
  domain.catch_all = { verdict, asked: wasAsked, from_cache: false, address: result.email, code: code ?? null, message: message ?? null };
  if (wasAsked) ctx.sites.keepCatchAll(keyOf(domain), { verdict, code, message }, category === "unknown" || verdict === "unknown" ? UNDECIDED_MS : DAY_MS);
}

function verdictOf({ category, reason }: Question["result"]): CatchAllVerdict {
  if (category === "accept") return reason === "mailbox_exists" ? "yes" : "unknown";
  return category === "hard_fail" && reason === "mailbox_unknown" ? "no" : "unknown";
}
