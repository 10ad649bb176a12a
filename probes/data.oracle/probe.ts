import { secure } from "../../runner/data/secure.js";
import { certificateViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import type { ListenerAnswer } from "../../runner/net/tns/listener-answer.js";
import { askListener } from "../../runner/net/tns/listener-session.js";
import { OracleSession } from "../../runner/net/tns/session.js";
import type { Connection } from "../../runner/net/transport/connection.js";
import { monotonic, round } from "../../runner/run/clock.js";
import { FailureError, failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { resolved } from "../../schemas/secret.js";
import { readFacts } from "./facts.js";
import { judge } from "./judge.js";
import { readOnlyQuery } from "./query.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "data.oracle",
  summary: "Asks an Oracle listener for its version and a service, logs in, reports role, lag and clock, and runs a query that cannot write.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput,
  run,
});

const PING = "(DESCRIPTION=(CONNECT_DATA=(COMMAND=ping)))";
/** The listener's own reasons. The first two stay as they are until the configuration changes. */
const REASONS: Readonly<Record<number, string>> = {
  12514: "does not know the service",
  12505: "does not know the instance",
  12516: "has no handler with room for another session",
  12518: "could not hand the session over",
  12519: "has no handler with room for another session",
  12520: "has no handler of this kind with room for another session",
  12526: "has only instances in restricted mode",
  12528: "has only instances that take no new sessions",
};
const LASTING: ReadonlySet<number> = new Set([12505, 12514]);

function checkInput({ tls, service_name, sid, auth, query }: Input): Violation[] {
  const violation = (pointer: string, message: string, hint: string): Violation => ({ pointer, message, hint });
  return [
    ...certificateViolations("/tls/ca", tls.ca),
    ...(service_name !== undefined && sid !== undefined ? [violation("/sid", "cannot stand beside service_name", "leave one of them out")] : []),
    ...(auth !== undefined && service_name === undefined && sid === undefined ? [violation("/auth", "needs a service", 'add "service_name"')] : []),
    ...(query !== undefined && auth === undefined ? [violation("/query", "needs a login", 'add "auth"')] : []),
  ];
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(async () => {
    await pingListener(ctx, input, evidence);
    const instance = input.service_name === undefined ? (input.sid === undefined ? null : `SID=${input.sid}`) : `SERVICE_NAME=${input.service_name}`;
    if (instance === null) return;
    const reached = await askForService(ctx, input, instance, evidence);
    if (input.auth !== undefined) await useSession(input, input.auth, reached, instance, evidence);
  });
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

/** A listener refuses a ping with the error 0, and says its version. */
async function pingListener(ctx: Ctx, input: Input, evidence: Evidence<Output>): Promise<void> {
  const { answer, durationMs } = await ask(ctx, input, "ping", "greeting", PING, evidence);
  if (answer.kind !== "refused") throw failureError("greeting", "protocol_violation", `the listener answers a ping with ${answer.kind}`);
  evidence.ping_ms = round(durationMs);
  evidence.server_version = answer.version;
  evidence.listener = answer.alias;
}

/** The connection that was answered, for the login, which goes to the same address. */
async function askForService(ctx: Ctx, input: Input, instance: string, evidence: Evidence<Output>): Promise<Connection> {
  const { answer, connection } = await ask(
    ctx,
    input,
    "connect to service",
    "command",
    `(DESCRIPTION=(CONNECT_DATA=(${instance})(CID=(PROGRAM=probe-run))))`,
    evidence,
  );
  evidence.service_accepted = answer.kind === "accepted";
  if (answer.kind === "redirected") {
    evidence.redirected_to = answer.to;
    throw failureError("command", "unsupported", `the listener sends its clients to ${answer.to}, which is not followed: name that one`);
  }
  if (answer.kind === "refused") throw refused(answer.error);
  return connection;
}

async function ask(
  ctx: Ctx,
  input: Input,
  name: string,
  phase: "greeting" | "command",
  data: string,
  evidence: Evidence<Output>,
): Promise<{ answer: Exclude<ListenerAnswer, { kind: "resend" }>; durationMs: number; connection: Connection }> {
  const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
  try {
    if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence);
    return { ...(await askListener(connection, { name, phase, data, timeoutMs: input.command_timeout_ms })), connection };
  } finally {
    connection.close();
  }
}

function refused(error: number | null): FailureError {
  const reason = (error === null ? undefined : REASONS[error]) ?? "refuses the session";
  const { failure } = failureError("command", "reply_rejected", `the listener ${reason}${error === null ? "" : ` (ORA-${error})`}`);
  return new FailureError({ ...failure, reply_code: error, retryable: error !== null && !LASTING.has(error) });
}

/** By the address that was reached, which the run's rules allow. What stands in it was checked with the input. */
function connectString({ tls, target_port, connect_timeout_ms, command_timeout_ms }: Input, address: string, instance: string): string {
  const seconds = (milliseconds: number): number => Math.max(1, Math.ceil(milliseconds / 1000));
  const limits = `(RETRY_COUNT=0)(TRANSPORT_CONNECT_TIMEOUT=${seconds(connect_timeout_ms)})(CONNECT_TIMEOUT=${seconds(command_timeout_ms)})`;
  // The certificate is judged by the first connection: the name in it is not this address.
  const security = tls.mode === "implicit" ? "(SECURITY=(SSL_SERVER_DN_MATCH=OFF))" : "";
  const host = `(ADDRESS=(PROTOCOL=${tls.mode === "implicit" ? "tcps" : "tcp"})(HOST=${address})(PORT=${target_port}))`;
  return `(DESCRIPTION=${limits}${host}(CONNECT_DATA=(${instance}))${security})`;
}

async function useSession(
  input: Input,
  auth: NonNullable<Input["auth"]>,
  { run, remoteAddress }: Connection,
  instance: string,
  evidence: Evidence<Output>,
): Promise<void> {
  evidence.auth = { method: "oracle", accepted: false };
  const session = new OracleSession(run, input.command_timeout_ms);
  try {
    await session.logIn({ connectString: connectString(input, remoteAddress, instance), username: resolved(auth.username), password: resolved(auth.password) });
    evidence.auth.accepted = true;
    evidence.ready_ms = round(monotonic() - run.recorder.began);
    evidence.server_version = session.version ?? evidence.server_version;
    evidence.ping_ms = round(await session.ping());
    Object.assign(evidence, await readFacts(session));
    if (input.query !== undefined) Object.assign(evidence, await readOnlyQuery(session, input.query));
  } finally {
    session.close();
    evidence.server_error = session.error;
  }
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const session = { tls: null, auth: null, server_version: null, listener: null, service_accepted: null, redirected_to: null, database: null, ready_ms: null };
  const server = { role: null, read_only: null, replicas: null, replication_lag_s: null, uptime_s: null, connections: null };
  const times = { server_time: null, clock_offset_ms: null, ping_ms: null };
  const result = { query: null, rows: [], row_count: 0, server_error: null };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...session, ...server, ...times, ...result, findings: [] };
}
