import { secure } from "../../runner/data/secure.js";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { encodeTlsRequest, type Greeting, readGreeting } from "../../runner/net/mysql/handshake.js";
import { logIn } from "../../runner/net/mysql/log-in.js";
import { readOnlyQuery } from "../../runner/net/mysql/read-only-query.js";
import { MysqlSession } from "../../runner/net/mysql/session.js";
import { round } from "../../runner/run/clock.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import { resolved } from "../../schemas/secret.js";
import { readFacts } from "./facts.js";
import { judge } from "./judge.js";
import { shown } from "./rows.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "data.mysql",
  summary: "Logs in to a MySQL or MariaDB server, reports its version, role, lag and clock, and runs a query that cannot write.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: (input) => tlsViolations(input.tls),
  run,
});

/** Of the time that a reply may take: the server's own words on its end arrive in time. */
const SERVER_TIMEOUT_PART = 0.9;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  let session: MysqlSession | null = null;
  const failure = await ctx.attempt(async () => {
    const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
    try {
      session = new MysqlSession(connection, input.command_timeout_ms);
      await converse(ctx, input, session, evidence);
      session.close();
    } finally {
      connection.close();
    }
  });
  const { error } = (session ?? {}) as Partial<MysqlSession>;
  evidence.server_error = error == null ? null : { code: String(error.number), message: error.message };
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

async function converse(ctx: Ctx, input: Input, session: MysqlSession, evidence: Evidence<Output>): Promise<void> {
  const greeting = await session.operation("greeting", "greeting", async () => readGreeting(await session.next()));
  evidence.server_version = greeting.version;
  evidence.offers_tls = greeting.offersTls;
  if (input.tls.mode === "starttls") await startTls(ctx, input, session, greeting, evidence);
  if (input.auth === undefined) return;
  await authenticate(input, input.auth, session, greeting, evidence);
  evidence.ready_ms = round(session.arrivedAt - ctx.run.recorder.began);
  evidence.ping_ms = await session.ping();
  Object.assign(evidence, await readFacts(session));
  if (input.query === undefined) return;
  const { sql, parameters, max_rows: maxRows } = input.query;
  const timeoutMs = Math.max(1, Math.floor(input.command_timeout_ms * SERVER_TIMEOUT_PART));
  const isMariaDb = /mariadb/i.test(evidence.server_version);
  Object.assign(evidence, shown(await readOnlyQuery(session, { sql, parameters, maxRows, timeoutMs, isMariaDb })));
}

async function startTls(ctx: Ctx, input: Input, session: MysqlSession, { offersTls }: Greeting, evidence: Evidence<Output>): Promise<void> {
  if (!offersTls) throw failureError("starttls", "unsupported", "the server does not offer TLS");
  session.requireNothingUnread();
  session.send(encodeTlsRequest(input.database !== undefined));
  await secure(ctx, input, session.connection, evidence);
}

async function authenticate(
  { database }: Input,
  { username, password, allow_plaintext: allowPlaintext }: NonNullable<Input["auth"]>,
  session: MysqlSession,
  greeting: Greeting,
  evidence: Evidence<Output>,
): Promise<void> {
  const auth: NonNullable<Output["auth"]> = { method: null, accepted: false };
  evidence.auth = auth;
  await logIn(session, greeting, {
    username: resolved(username),
    password: password === undefined ? "" : resolved(password),
    database: database ?? null,
    allowPlaintext,
    onPlugin: (name) => (auth.method = name),
  });
  auth.accepted = true;
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const session = { tls: null, auth: null, server_version: null, server_name: null, offers_tls: null, database: null, ready_ms: null };
  const server = { role: null, read_only: null, replicas: null, replication_lag_s: null, uptime_s: null, connections: null };
  const times = { server_time: null, clock_offset_ms: null, ping_ms: null };
  const result = { query: null, rows: [], row_count: 0, server_error: null, replication: null };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...session, ...server, ...times, ...result, findings: [] };
}
