import { requireCover, secure } from "../../runner/data/secure.js";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { readOnlyQuery } from "../../runner/net/tds/read-only-query.js";
import { TdsSession } from "../../runner/net/tds/session.js";
import { tlsInPackets } from "../../runner/net/tds/tls-in-packets.js";
import type { Connection } from "../../runner/net/transport/connection.js";
import { round } from "../../runner/run/clock.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { resolved } from "../../schemas/secret.js";
import { readFacts } from "./facts.js";
import { judge } from "./judge.js";
import { shown } from "./rows.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "data.mssql",
  summary: "Asks a SQL Server for its version and encryption, logs in, reports its role, lag and clock, and runs a query that cannot write.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput,
  run,
});

/** Version 8 of the protocol is a protocol of its own in TLS. */
const ALPN = ["tds/8.0"] as const;
/** Of the time that a reply may take. */
const LOCK_TIMEOUT_PART = 0.9;
const MAX_LOGIN_CHARACTERS = 128;

function checkInput({ tls, auth, query }: Input): Violation[] {
  const tooNew = tls.mode === "starttls" && tls.min_version === "TLSv1.3";
  const version = tooNew
    ? [{ pointer: "/tls/min_version", message: "must be TLSv1.2 or older with mode starttls, whose handshake has no newer one", hint: null }]
    : [];
  const login = query !== undefined && auth === undefined ? [{ pointer: "/query", message: "needs a login", hint: 'add "auth"' }] : [];
  return [...tlsViolations(tls), ...version, ...login];
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(async () => {
    const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
    try {
      await converse(ctx, input, connection, evidence);
    } finally {
      connection.close();
    }
  });
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

async function converse(ctx: Ctx, input: Input, connection: Connection, evidence: Evidence<Output>): Promise<void> {
  if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence, { alpn: ALPN });
  const greeting = new TdsSession(connection, input.command_timeout_ms);
  await preLogin(input, greeting, evidence);
  if (input.tls.mode === "starttls") await startTls(ctx, input, greeting, connection, evidence);
  else await useSession(ctx, input, greeting, evidence);
}

async function preLogin({ tls }: Input, session: TdsSession, evidence: Evidence<Output>): Promise<void> {
  const { version, encryption } = await session.preLogin(tls.mode === "starttls" ? "on" : "not_supported");
  evidence.server_version = version;
  evidence.encryption = encryption;
  if (tls.mode === "none" && encryption === "required")
    throw failureError("starttls", "not_permitted", "the server takes encrypted sessions only: set tls.mode to starttls");
  if (tls.mode === "starttls" && (encryption === "not_supported" || encryption === "off"))
    throw failureError("starttls", "unsupported", "the server does not offer TLS");
}

/** The session goes on inside of TLS. */
async function startTls(ctx: Ctx, input: Input, greeting: TdsSession, connection: Connection, evidence: Evidence<Output>): Promise<void> {
  greeting.requireNothingUnread();
  const { inner, handshakeIsOver } = tlsInPackets(connection);
  try {
    await secure(ctx, input, inner, evidence, { maxVersion: "TLSv1.2" });
    handshakeIsOver();
    await useSession(ctx, input, new TdsSession(inner, input.command_timeout_ms), evidence);
  } finally {
    inner.close();
  }
}

async function useSession(ctx: Ctx, input: Input, session: TdsSession, evidence: Evidence<Output>): Promise<void> {
  if (input.auth === undefined) return;
  try {
    await logIn(ctx, input, input.auth, session, evidence);
    evidence.ping_ms = round((await session.query("ping", "command", "SELECT 1", [], 1)).durationMs);
    Object.assign(evidence, await readFacts(session));
    if (input.query !== undefined) await query(input, input.query, session, evidence);
  } finally {
    evidence.server_error = session.error === null ? null : { code: String(session.error.number), message: session.error.message };
  }
}

async function logIn(ctx: Ctx, input: Input, auth: NonNullable<Input["auth"]>, session: TdsSession, evidence: Evidence<Output>): Promise<void> {
  evidence.auth = { method: null, accepted: false };
  requireCover(session.connection, auth.allow_plaintext);
  evidence.auth.method = "sql_server";
  evidence.database = await session.logIn({
    username: oneText("auth.username", resolved(auth.username)),
    password: oneText("auth.password", resolved(auth.password)),
    database: input.database ?? null,
    serverName: input.target_host,
    isVersion8: input.tls.mode === "implicit",
  });
  evidence.auth.accepted = true;
  evidence.ready_ms = round(session.arrivedAt - ctx.run.recorder.began);
}

/** LOGIN7 has room for 128 characters. What a reference led to was not checked with the input. */
function oneText(name: string, value: string): string {
  if (value.length <= MAX_LOGIN_CHARACTERS) return value;
  throw failureError("auth", "not_permitted", `${name} has more than ${MAX_LOGIN_CHARACTERS} characters`);
}

async function query(
  { command_timeout_ms }: Input,
  { sql, parameters, max_rows: maxRows }: NonNullable<Input["query"]>,
  session: TdsSession,
  evidence: Evidence<Output>,
): Promise<void> {
  const timeoutMs = Math.max(1, Math.floor(command_timeout_ms * LOCK_TIMEOUT_PART));
  Object.assign(evidence, shown(await readOnlyQuery(session, { sql, parameters, maxRows, timeoutMs })));
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const session = { tls: null, auth: null, server_version: null, encryption: null, edition: null, database: null, ready_ms: null };
  const server = { role: null, read_only: null, replicas: null, replication_lag_s: null, uptime_s: null, connections: null };
  const times = { server_time: null, clock_offset_ms: null, ping_ms: null };
  const result = { query: null, rows: [], row_count: 0, server_error: null };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...session, ...server, ...times, ...result, findings: [] };
}
