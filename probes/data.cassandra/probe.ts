import { requireCover, secure } from "../../runner/data/secure.js";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { CassandraSession } from "../../runner/net/cassandra/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import { resolved } from "../../schemas/secret.js";
import { readFacts } from "./facts.js";
import { judge } from "./judge.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "data.cassandra",
  summary: "Logs in to a Cassandra node, and reports its versions, its cluster, the nodes that it knows and its clock.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: (input) => tlsViolations(input.tls),
  run,
});

const OLDEST_CQL_VERSION = "3.0.0";

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  let session: CassandraSession | null = null;
  const failure = await ctx.attempt(async () => {
    const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: input.target_port }, evidence.attempts);
    try {
      if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence);
      session = new CassandraSession(connection, input.command_timeout_ms);
      await converse(input, session, evidence);
    } finally {
      connection.close();
    }
  });
  const { error } = (session ?? {}) as Partial<CassandraSession>;
  evidence.server_error = error ?? null;
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, session: CassandraSession, evidence: Evidence<Output>): Promise<void> {
  const { supported } = await session.options("greeting");
  evidence.protocol_versions = [...(supported.get("PROTOCOL_VERSIONS") ?? [])];
  evidence.compression = [...(supported.get("COMPRESSION") ?? [])];
  const [cqlVersion = OLDEST_CQL_VERSION] = supported.get("CQL_VERSION") ?? [];
  evidence.authenticator = await session.startup(cqlVersion);
  evidence.anonymous_access = evidence.authenticator === null;
  if (evidence.authenticator !== null) await authenticate(input, session, evidence);
  evidence.ping_ms = (await session.options("command")).duration_ms;
  Object.assign(evidence, await readFacts(session));
}

async function authenticate({ auth }: Input, session: CassandraSession, evidence: Evidence<Output>): Promise<void> {
  evidence.auth = { method: null, accepted: false };
  if (auth === undefined) throw failureError("auth", "not_permitted", `the server wants a login (${evidence.authenticator}): auth is missing`);
  requireCover(session.connection, auth.allow_plaintext);
  const [username, password] = [resolved(auth.username), resolved(auth.password)];
  // It would end the name, and what follows would be taken for the password.
  if (`${username}${password}`.includes("\0")) throw failureError("auth", "not_permitted", "a user name and a password cannot hold NUL");
  evidence.auth.method = "PLAIN";
  await session.logIn(username, password);
  evidence.auth.accepted = true;
}

function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const session = { tls: null, auth: null, server_version: null, anonymous_access: null, authenticator: null };
  const server = { protocol_versions: [], cql_version: null, compression: [], cluster_name: null, data_center: null, rack: null, partitioner: null };
  const rest = { peers: [], schema_agreement: null, server_time: null, clock_offset_ms: null, ping_ms: null, server_error: null };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...session, ...server, ...rest, findings: [] };
}
