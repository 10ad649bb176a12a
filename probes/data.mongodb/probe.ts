import { secure } from "../../runner/data/secure.js";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { logIn } from "../../runner/net/mongodb/log-in.js";
import { type Answer, MongoSession, rejected } from "../../runner/net/mongodb/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import { resolved } from "../../schemas/secret.js";
import { helloFacts, statusFacts, text } from "./facts.js";
import { filterViolations, read } from "./find.js";
import { judge } from "./judge.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "data.mongodb",
  summary: "Logs in to a MongoDB server, reports its version, role, replica set, lag and clock, and finds documents if asked.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: (input) => [...tlsViolations(input.tls), ...filterViolations(input)],
  run,
});

const COMMAND_NOT_FOUND = 59;
/** Unauthorized, and AuthenticationFailed of servers that answer nothing before a login. */
const NO_ACCESS: ReadonlySet<number> = new Set([13, 18]);

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  let session: MongoSession | null = null;
  const failure = await ctx.attempt(async () => {
    const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
    try {
      if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence);
      session = new MongoSession(connection, input.command_timeout_ms);
      await converse(input, session, evidence);
    } finally {
      connection.close();
    }
  });
  const { error } = (session ?? {}) as Partial<MongoSession>;
  evidence.server_error = error ?? null;
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, session: MongoSession, evidence: Evidence<Output>): Promise<void> {
  const sentAt = Date.now();
  const { document, duration_ms } = await hello(session);
  Object.assign(evidence, helloFacts(document, sentAt + duration_ms / 2));
  await findOutAccess(session, evidence);
  if (input.auth !== undefined) await authenticate(input.auth, session, evidence);
  evidence.ping_ms = (await session.require("command", "admin", { ping: 1 })).duration_ms;
  evidence.server_version = text((await session.command("command", "admin", { buildInfo: 1 })).document.get("version"));
  if (evidence.set_name !== null) {
    const status = await session.command("command", "admin", { replSetGetStatus: 1 });
    if (status.error === null) Object.assign(evidence, statusFacts(status.document));
  }
  if (input.find !== undefined) await read(input.find, input.command_timeout_ms, session, evidence);
}

/** Servers before version 4.4.2 know the older name only. */
async function hello(session: MongoSession): Promise<Answer> {
  const answer = await session.command("greeting", "admin", { hello: 1 });
  if (answer.error?.code === COMMAND_NOT_FOUND) return session.require("greeting", "admin", { isMaster: 1 });
  if (answer.error !== null) throw rejected("greeting", answer.error);
  return answer;
}

/** A list of databases with an impossible name: it is empty, and a server that wants a login refuses it. */
async function findOutAccess(session: MongoSession, evidence: Evidence<Output>): Promise<void> {
  const { error } = await session.command("command", "admin", { listDatabases: 1, nameOnly: true, filter: { name: "." } });
  if (error === null) evidence.anonymous_access = true;
  else if (NO_ACCESS.has(error.code)) evidence.anonymous_access = false;
}

async function authenticate({ username, password, source }: NonNullable<Input["auth"]>, session: MongoSession, evidence: Evidence<Output>): Promise<void> {
  evidence.auth = { method: "SCRAM-SHA-256", accepted: false };
  const name = resolved(username);
  if (name.includes("\0")) throw failureError("auth", "not_permitted", "a user name cannot hold NUL");
  await logIn(session, { username: name, password: resolved(password), source });
  evidence.auth.accepted = true;
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const session = { tls: null, auth: null, server_version: null, anonymous_access: null };
  const server = { role: null, set_name: null, primary: null, max_wire_version: null, read_only: null, members: [], replication_lag_s: null };
  const times = { server_time: null, clock_offset_ms: null, ping_ms: null };
  const result = { query_ms: null, truncated: false, rows: [], row_count: 0, server_error: null };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...session, ...server, ...times, ...result, findings: [] };
}
