import { secure } from "../../runner/data/secure.js";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { RedisReply } from "../../runner/net/redis/resp.js";
import { errorCode, RedisSession, rejected, type TimedReply } from "../../runner/net/redis/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { clusterFacts, helloFacts, infoFacts, timeOf } from "./facts.js";
import { judge } from "./judge.js";
import { type Ctx, logIn } from "./log-in.js";
import { READ_COMMANDS } from "./read-commands.js";
import { readAll } from "./reads.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "data.redis",
  summary: "Logs in to a Redis server, and reports its version, role, replication, memory and clock, and the values that are asked for.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: (input) => [...tlsViolations(input.tls), ...argumentViolations(input)],
  run,
});

function argumentViolations({ reads }: Input): Violation[] {
  return reads.flatMap(({ command, arguments: words }, index) => {
    const [min, max] = READ_COMMANDS[command];
    if (words.length >= min && words.length <= max) return [];
    const wanted = min === max ? String(min) : `${min} to ${max}`;
    return [{ pointer: `/reads/${index}/arguments`, message: `${command} takes ${wanted} arguments, not ${words.length}`, hint: null }];
  });
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  const failure = await ctx.attempt(async () => {
    const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
    try {
      if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence);
      await converse(input, new RedisSession(connection, input.command_timeout_ms), evidence);
    } finally {
      connection.close();
    }
  });
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, session: RedisSession, evidence: Evidence<Output>): Promise<void> {
  await logIn(input, session, evidence);
  await readFacts(input, session, evidence);
  if (evidence.mode === "cluster") evidence.cluster = clusterFacts((await session.command("command", "CLUSTER INFO")).reply);
  evidence.ping_ms = (await session.command("command", "PING")).duration_ms;
  if (input.database !== undefined) {
    const { reply } = await session.command("query", "SELECT", String(input.database));
    if (errorCode(reply) !== null) throw rejected("query", `the server refuses database ${input.database}`, reply);
  }
  await readAll(input, session, evidence);
}

const HELLO = ["HELLO", "3"] as const;

/** What every server is asked, in one write unless an answer may end the run. */
async function readFacts({ resp_version: wanted }: Input, session: RedisSession, evidence: Evidence<Output>): Promise<void> {
  evidence.resp_version = 2;
  if (wanted === "3") requireVersion3((await session.command("command", ...HELLO)).reply, evidence);
  const sentAt = Date.now();
  const [info, time, hello] = ask(session, wanted === "auto");
  if (hello !== null) takeVersion3((await hello).reply, evidence);
  Object.assign(evidence, infoFacts((await info).reply));
  takeClock(sentAt, await time, evidence);
}

type Answer = Promise<TimedReply>;

function ask(session: RedisSession, withHello: boolean): [info: Answer, time: Answer, hello: Answer | null] {
  const answers = session.pipeline("command", [...(withHello ? [HELLO] : []), ["INFO"], ["TIME"]]);
  const hello = withHello ? (answers.shift() as Answer) : null;
  const [info, time] = answers as [Answer, Answer];
  return [info, time, hello];
}

/** Redis knows HELLO since version 6. */
function takeVersion3(reply: RedisReply, evidence: Evidence<Output>): void {
  if (errorCode(reply) !== null) return;
  evidence.resp_version = 3;
  Object.assign(evidence, helloFacts(reply));
}

function requireVersion3(reply: RedisReply, evidence: Evidence<Output>): void {
  if (reply.type === "error") throw failureError("command", "unsupported", `the server does not speak version 3 of the protocol: ${reply.text}`);
  takeVersion3(reply, evidence);
}

/** Half of the round trip is the best guess for when the server read its clock. */
function takeClock(sentAt: number, { reply, duration_ms }: TimedReply, evidence: Evidence<Output>): void {
  const time = timeOf(reply);
  if (time === null) return;
  evidence.server_time = new Date(time).toISOString();
  evidence.clock_offset_ms = Math.round(time - (sentAt + duration_ms / 2));
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const session = { tls: null, auth: null, server_version: null, anonymous_access: null, resp_version: null };
  const server = { server_name: null, mode: null, role: null, uptime_s: null, loading: null, server_time: null, clock_offset_ms: null, ping_ms: null };
  const parts = { clients: null, memory: null, persistence: null, replication: null, cluster: null, sentinel: [], reads: [], rows: [], row_count: 0 };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...session, ...server, ...parts, findings: [] };
}
