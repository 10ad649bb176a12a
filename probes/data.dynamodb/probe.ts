import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { ask, type DynamoAnswer, type DynamoSession, rejected } from "../../runner/net/dynamodb/ask.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { resolved } from "../../schemas/secret.js";
import { clockFacts, tableFacts } from "./facts.js";
import { judge } from "./judge.js";
import { read } from "./read.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "data.dynamodb",
  summary: "Asks DynamoDB, or a service with its API, for a signed answer, a table's state and items by their key.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput,
  run,
});

/** The credentials or the signature were refused. Any other refusal comes after the signature was accepted. */
const REFUSED_LOGIN: ReadonlySet<string> = new Set([
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "IncompleteSignatureException",
  "MissingAuthenticationTokenException",
  "ExpiredTokenException",
  "InvalidClientTokenId",
]);
const ACCESS_DENIED = "AccessDeniedException";

function checkInput({ tls, table, read: reading }: Input): Violation[] {
  const noTable = reading !== undefined && table === undefined ? [{ pointer: "/read", message: "needs a table", hint: 'add "table"' }] : [];
  return [...tlsViolations(tls), ...noTable];
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(async () => converse(input, ctx, sessionOf(input, evidence), evidence));
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, ctx: Ctx, session: DynamoSession, evidence: Evidence<Output>): Promise<void> {
  const action = async (name: string, parameters: object): Promise<DynamoAnswer> => {
    try {
      return await ask(ctx.part(name), session, name, parameters);
    } finally {
      evidence.tls = session.tls;
      evidence.server_error = session.error;
    }
  };
  const isServed = await ping(input, await action("ListTables", { Limit: 1 }), evidence);
  if (!isServed || input.table === undefined) return;
  const described = await action("DescribeTable", { TableName: input.table });
  if (described.error === null) evidence.table = tableFacts(described.document);
  else if (described.error.code !== ACCESS_DENIED) throw rejected("command", described);
  if (input.read !== undefined) await read(input.table, input.read, action, evidence);
}

/** Whether requests are carried out. A service that wants signatures and gets none has answered as it should. */
async function ping({ auth, table }: Input, answer: DynamoAnswer, evidence: Evidence<Output>): Promise<boolean> {
  evidence.ping_ms = answer.duration_ms;
  Object.assign(evidence, clockFacts(answer.server_time, Date.now() - answer.duration_ms / 2));
  const isRefused = answer.error !== null && REFUSED_LOGIN.has(answer.error.code);
  if (auth === undefined) evidence.anonymous_access = !isRefused;
  else evidence.auth = { method: "AWS4-HMAC-SHA256", accepted: !isRefused };
  if (isRefused && auth === undefined && table === undefined) return false;
  if (isRefused) throw rejected("auth", answer);
  if (answer.error !== null && answer.error.code !== ACCESS_DENIED) throw rejected("command", answer);
  return true;
}

function sessionOf(input: Input, { attempts }: Evidence<Output>): DynamoSession {
  const { target_host, target_port, tls } = input;
  const host = target_host.includes(":") ? `[${target_host}]` : target_host;
  const url = new URL(`${tls.mode === "none" ? "http" : "https"}://${host}:${target_port}/`);
  return { url, options: input, signer: signerOf(input), attempts, tls: null, error: null };
}

function signerOf({ auth, region }: Input): DynamoSession["signer"] {
  if (auth === undefined) return null;
  return {
    access_key_id: sendable("auth.access_key_id", resolved(auth.access_key_id)),
    secret_access_key: resolved(auth.secret_access_key),
    session_token: auth.session_token === undefined ? null : sendable("auth.session_token", resolved(auth.session_token)),
    region,
    service: "dynamodb",
  };
}

/** What a reference led to was not checked with the input. */
function sendable(name: string, value: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw failureError("auth", "not_permitted", `${name} has characters that no header can hold`);
}

function nothingYet({ target_host, target_port, region }: Input): Evidence<Output> {
  const session = { attempts: [], tls: null, auth: null, server_version: null, region, anonymous_access: null };
  const times = { server_time: null, clock_offset_ms: null, ping_ms: null };
  const result = { query_ms: null, consumed_capacity: null, truncated: false, rows: [], row_count: 0, server_error: null };
  return { status: "ok", failure: null, target_host, target_port, ...session, table: null, ...times, ...result, findings: [] };
}
