import type { Context } from "../../runner/harness/context.js";
import { dnsName } from "../../runner/net/dns/name.js";
import type { Blocklist, BlocklistAnswer } from "../../schemas/blocklist.js";
import type { DnsInput } from "../../schemas/dns.js";
import { type Verdict, verdictOf } from "./codes.js";
import { codesOf } from "./known-lists.js";
import { testLabels } from "./names.js";
import type { Part } from "./plan.js";
import { wordsOf } from "./text.js";

type Ctx = Context<"resolver">;

/** Tests a list, and queries it for the targets only if it works: the answers of a dead or parked list are worthless. */
export async function checkList(ctx: Ctx, asking: DnsInput, { list, answers }: Part): Promise<void> {
  await testList(ctx, asking, list);
  for (const answer of answers) {
    // It may also refuse later, because it was asked too often.
    if (list.state === "working") await askFor(ctx, asking, list, answer);
    else answer.message = `${list.zone} is not to be believed: ${list.message}`;
  }
}

async function testList(ctx: Ctx, asking: DnsInput, list: Blocklist): Promise<void> {
  const { listed, notListed } = testLabels(list.zone, list.kind);
  const ask = async (label: string): Promise<Verdict> => {
    return verdictOf(await ctx.resolver.query(`${label}.${list.zone}`, "A", asking), codesOf(list.zone));
  };
  const [has, hasNot] = await Promise.all([ask(listed), ask(notListed)]);
  Object.assign(list, stateOf(has, hasNot, listed, notListed));
}

type State = Pick<Blocklist, "state" | "reason" | "message">;

/** RFC 5782, section 5. */
function stateOf(has: Verdict, hasNot: Verdict, listed: string, notListed: string): State {
  for (const verdict of [has, hasNot]) {
    if (verdict.says === "refuses_us") return refusal(verdict.message);
    if (verdict.says === "no_answer" || verdict.says === "no_code") return { state: "failing", reason: verdict.says, message: verdict.message };
  }
  if (hasNot.says === "listed") return { state: "failing", reason: "lists_everything", message: `it lists ${notListed}, which no working list does` };
  if (has.says !== "listed")
    return {
      state: "failing",
      reason: "dead",
      message: `it does not list ${listed}, which every working list does: it was shut down, or refuses this resolver`,
    };
  return { state: "working", reason: null, message: null };
}

function refusal(message: string): State {
  return { state: "refuses_us", reason: "refused", message };
}

async function askFor(ctx: Ctx, asking: DnsInput, list: Blocklist, row: BlocklistAnswer): Promise<void> {
  // A long domain before a long zone is more than a name can hold.
  if (dnsName(row.name) === null) {
    row.message = `${row.name} is too long for a name: the list cannot have it`;
    return;
  }
  const answer = await ctx.resolver.query(row.name, "A", asking);
  const verdict = verdictOf(answer, codesOf(list.zone));
  row.ttl_s = answer.ttl;
  row.from_cache = answer.fromCache;
  if (verdict.says === "refuses_us") Object.assign(list, refusal(verdict.message));
  if (verdict.says === "listed" || verdict.says === "not_listed") {
    row.result = verdict.says;
    row.message = null;
  } else row.message = verdict.message;
  if (verdict.says !== "listed") return;
  row.codes = [...verdict.codes];
  row.text = wordsOf(await ctx.resolver.query(row.name, "TXT", asking));
}
