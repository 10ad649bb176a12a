import { requireCover, secure } from "../../runner/data/secure.js";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { type LoginRequest, logIn, readLoginRequest } from "../../runner/net/postgresql/log-in.js";
import { readOnlyQuery } from "../../runner/net/postgresql/read-only-query.js";
import { PostgresSession } from "../../runner/net/postgresql/session.js";
import { startTls } from "../../runner/net/starttls/preludes.js";
import type { Connection } from "../../runner/net/transport/connection.js";
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
  name: "data.postgresql",
  summary: "Logs in to a PostgreSQL server, reports its version, role, lag and clock, and runs a query that cannot write.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: (input) => tlsViolations(input.tls),
  run,
});

/** Of the time that a reply may take: the server's own words on its end arrive in time. */
const SERVER_TIMEOUT_PART = 0.9;
const ALPN = ["postgresql"] as const;

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  let session: PostgresSession | null = null;
  const failure = await ctx.attempt(async () => {
    const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
    try {
      await cover(ctx, input, connection, evidence);
      session = new PostgresSession(connection, input.command_timeout_ms);
      await converse(ctx, input, session, evidence);
      session.close();
    } finally {
      connection.close();
    }
  });
  const { error } = (session ?? {}) as Partial<PostgresSession>;
  evidence.server_error = error == null ? null : { code: error.code, message: error.message };
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

/** SSLRequest, or TLS from the first byte, which servers know since version 17. */
async function cover(ctx: Ctx, input: Input, connection: Connection, evidence: Evidence<Output>): Promise<void> {
  if (input.tls.mode === "none") return;
  if (input.tls.mode === "starttls")
    await ctx.operation("SSLRequest", () => startTls(connection, "postgresql", { heloName: "", host: input.target_host, timeoutMs: input.command_timeout_ms }));
  await secure(ctx, input, connection, evidence, { alpn: ALPN });
}

async function converse(ctx: Ctx, input: Input, session: PostgresSession, evidence: Evidence<Output>): Promise<void> {
  const username = input.auth === undefined ? "probe-run" : resolved(input.auth.username);
  const database = input.database === undefined ? {} : { database: input.database };
  const introduction = { user: username, ...database, application_name: "probe-run", client_encoding: "UTF8" };
  const request = await session.start(introduction, readLoginRequest);
  evidence.auth_requested = request.words;
  await authenticate(input, username, request, session, evidence);
  await session.operation("ready", "auth", () =>
    session.untilReady(({ type }) => {
      if (type !== "K") throw session.unexpected(type);
    }),
  );
  evidence.ready_ms = round(session.arrivedAt - ctx.run.recorder.began);
  evidence.server_version = session.parameters.get("server_version") ?? null;
  evidence.ping_ms = (await session.query("ping", "command", "")).duration_ms;
  Object.assign(evidence, await readFacts(session));
  if (input.query === undefined) return;
  const { sql, parameters, max_rows: maxRows } = input.query;
  const timeoutMs = Math.max(1, Math.floor(input.command_timeout_ms * SERVER_TIMEOUT_PART));
  Object.assign(evidence, shown(await readOnlyQuery(session, { sql, parameters, maxRows, timeoutMs })));
}

async function authenticate({ auth }: Input, username: string, request: LoginRequest, session: PostgresSession, evidence: Evidence<Output>): Promise<void> {
  if (request.method === "none") {
    evidence.auth = { method: "none", accepted: true };
    return;
  }
  evidence.auth = { method: null, accepted: false };
  if (auth?.password === undefined) throw failureError("auth", "not_permitted", `the server wants a login (${request.words}): auth.password is missing`);
  if (request.method === "other") throw failureError("auth", "unsupported", `the server wants ${request.words}, which is not supported`);
  if (request.method === "cleartext") requireCover(session.connection, auth.allow_plaintext);
  evidence.auth.method = await logIn(session, request, { username, password: resolved(auth.password), channelBinding: auth.channel_binding });
  evidence.auth.accepted = true;
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const session = { tls: null, auth: null, server_version: null, auth_requested: null, database: null, ready_ms: null };
  const server = { role: null, read_only: null, replicas: null, replication_lag_s: null, uptime_s: null, connections: null };
  const times = { server_time: null, clock_offset_ms: null, ping_ms: null };
  const result = { query: null, rows: [], row_count: 0, server_error: null };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...session, ...server, ...times, ...result, findings: [] };
}
