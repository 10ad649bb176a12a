import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { type Agent, communityAgent, UserAgent } from "../../runner/net/snmp/agent.js";
import type { UdpPeer } from "../../runner/net/udp/peer.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { resolved } from "../../schemas/secret.js";
import { judge } from "./judge.js";
import { read, walk } from "./read.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "network.snmp",
  summary: "Reads objects of an SNMP agent by version 1, 2c or 3, and judges their values. It never writes.",
  needs: ["udp"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: violations,
  run,
});

/** sysDescr.0 and sysUpTime.0. */
const USUAL = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0"];

function violations({ version, user, community }: Input): Violation[] {
  const violation = (pointer: string, message: string): Violation => ({ pointer, message, hint: null });
  if (version === "3") {
    return [
      ...(user === undefined ? [violation("/user", "is missing: version 3 asks as a user")] : []),
      ...(community === undefined ? [] : [violation("/community", "is for versions 1 and 2c")]),
    ];
  }
  return user === undefined ? [] : [violation("/user", 'is for version "3"')];
}

async function run(input: Input, ctx: Context<"udp">): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  const failure = await ctx.attempt(async () => {
    const peer = await ctx.udp.peer({ ...input, host: input.target_host, port: input.target_port });
    const agent = agentOf(input, peer, evidence);
    try {
      const asked = input.get ?? (input.walk === undefined ? USUAL : []);
      if (asked.length > 0) await read(agent, asked, evidence);
      for (const root of input.walk ?? []) await walk(agent, root, input.max_rows, evidence);
    } catch (error) {
      throw explained(error, input);
    }
  });
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

function agentOf({ version, community, user, command_timeout_ms: timeoutMs }: Input, peer: UdpPeer, evidence: Evidence<Output>): Agent {
  if (version !== "3" || user === undefined)
    return communityAgent(peer, version === "1" ? 0 : 1, community === undefined ? "public" : resolved(community), timeoutMs);
  const { name, context, auth_protocol, auth_password, privacy_protocol, privacy_password } = user;
  const auth = auth_password === undefined ? null : { protocol: auth_protocol, password: resolved(auth_password) };
  const privacy = privacy_password === undefined ? null : { protocol: privacy_protocol, password: resolved(privacy_password) };
  return new UserAgent(peer, { name, context, auth, privacy }, timeoutMs, ({ id, boots, time }) => {
    Object.assign(evidence, { engine_id: id.toString("hex"), engine_boots: boots, engine_time_s: time });
  });
}

/** Agents of versions 1 and 2c do not answer a wrong community. */
function explained(error: unknown, { version }: Input): unknown {
  if (!(error instanceof FailureError) || error.failure.code !== "timeout" || version === "3") return error;
  const { phase, code, message } = error.failure;
  return phase === "query" ? failureError(phase, code, `${message}: the agent is away, or the community is wrong, which agents answer with silence`) : error;
}

function nothingYet({ target_host, target_port, version }: Input): Evidence<Output> {
  const engine = { engine_id: null, engine_boots: null, engine_time_s: null };
  return { status: "ok", failure: null, target_host, target_port, version, ...engine, values: [], truncated: false, findings: [] };
}
