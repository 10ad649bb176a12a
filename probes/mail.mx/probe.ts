import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { failureOfRoute, type Unanswered, unknownRoute } from "../../runner/net/dns/mail-route.js";
import { randomSeed, seededRandom } from "../../runner/net/dns/shuffle.js";
import { statusOf } from "../../runner/run/judge.js";
import { asciiDomain } from "../../schemas/host.js";
import { judge } from "./judge.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "mail.mx",
  summary: "Finds the mail hosts of a domain with their addresses, in the order in which to try them.",
  needs: ["resolver"],
  target: "domain",
  ...newest,
  run,
});

export type MxEvidence = Evidence<Output>;

async function run(input: Input, ctx: Context<"resolver">): Promise<MxEvidence> {
  const evidence = nothingYet(input);
  const { address_family: family, allow_private_addresses: allowPrivate } = input;
  let unanswered: Unanswered = new Map();
  const broken = await ctx.attempt(async () => {
    unanswered = await ctx.resolver.mx(evidence, { family, allowPrivate, random: seededRandom(evidence.seed) }, input);
  });
  evidence.failure = broken ?? failureOfRoute(evidence, unanswered);
  evidence.findings = judge(evidence);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** Every field before anything has been asked. */
function nothingYet(input: Input): MxEvidence {
  return {
    status: "ok",
    failure: null,
    domain: input.domain,
    ...unknownRoute(asciiDomain(input.domain)),
    seed: input.seed ?? randomSeed(),
    findings: [],
  };
}
