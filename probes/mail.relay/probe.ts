import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { findingsOf } from "../../runner/posture/check.js";
import { askRelay, relayNotAsked } from "../../runner/posture/relay/ask.js";
import { ownAddress, relayAttempts } from "../../runner/posture/relay/attempts.js";
import { judgeRelay } from "../../runner/posture/relay/judge.js";
import { statusOf } from "../../runner/run/judge.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "mail.relay",
  summary: "Asks a mail server to pass mail on to an address of yours, in the forms that open relays are known by; no message is sent.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  ...newest,
  checkInput: ({ own_address: own }) =>
    ownAddress(own) === null ? [{ pointer: "/own_address", message: "is not a plain address in a domain", hint: "for example relay-test@example.net" }] : [],
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const own = ownAddress(input.own_address);
  if (own === null) throw new Error("own_address passed the check of the input");
  const answers = relayNotAsked(relayAttempts(own, { host: input.target_host, domain: input.target_domain ?? null }));
  const failure = await ctx.attempt(() => askRelay(ctx, { ...input, host: input.target_host, port: input.target_port }, answers));
  const { target_host, target_port } = input;
  const evidence: Evidence<Output> = { status: "ok", failure, target_host, target_port, ...answers, checks: [], findings: [] };
  const isAsked = evidence.relay_attempts.some(({ outcome }) => outcome !== "not_asked");
  evidence.checks = isAsked ? judgeRelay(input.target_host, evidence.relay_attempts) : [];
  evidence.findings = findingsOf(evidence.checks);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}
