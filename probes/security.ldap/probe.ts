import { secure } from "../../runner/data/secure.js";
import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { encodeFilter, FilterError } from "../../runner/net/ldap/filter.js";
import { LdapSession } from "../../runner/net/ldap/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { statusOf } from "../../runner/run/judge.js";
import type { Violation } from "../../runner/support/request-error.js";
import { bind } from "./bind.js";
import { judge } from "./judge.js";
import { anonymousRead, readRootDse, runSearch } from "./read.js";
import { type Input, newest, type Output } from "./schema.js";

type Ctx = Context<"tcp" | "tls">;

export default defineProbe({
  name: "security.ldap",
  summary: "Reads what an LDAP server says about itself, secures the connection, binds and searches if asked, and reports what anonymous clients may read.",
  needs: ["tcp", "tls"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: (input) => [...tlsViolations(input.tls), ...bindViolations(input), ...filterViolations(input)],
  run,
});

function bindViolations({ bind: asked, tls }: Input): Violation[] {
  if (asked === undefined) return [];
  const { mechanism, dn, username, password } = asked;
  const missing = (pointer: string, value: unknown): Violation[] =>
    value === undefined ? [{ pointer, message: `is missing: the mechanism ${mechanism} needs it`, hint: null }] : [];
  if (mechanism === "simple") return [...missing("/bind/dn", dn), ...missing("/bind/password", password)];
  if (mechanism === "SCRAM-SHA-256") return [...missing("/bind/username", username), ...missing("/bind/password", password)];
  const withoutTls = tls.mode === "none" ? [{ pointer: "/tls/mode", message: "must be starttls or implicit: EXTERNAL is a login by TLS", hint: null }] : [];
  return [...missing("/tls/client_certificate", tls.client_certificate), ...withoutTls];
}

function filterViolations({ search }: Input): Violation[] {
  if (search === undefined) return [];
  try {
    encodeFilter(search.filter);
    return [];
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    return [{ pointer: "/search/filter", message: `is no LDAP filter: ${error.message}`, hint: "(objectClass=*) finds every entry" }];
  }
}

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  const failure = await ctx.attempt(async () => {
    const connection = await ctx.tcp.connect({ ...input, host: input.target_host, port: evidence.target_port }, evidence.attempts);
    try {
      if (input.tls.mode === "implicit") await secure(ctx, input, connection, evidence);
      const session = new LdapSession(connection, input.command_timeout_ms);
      await converse(ctx, input, session, evidence);
      session.close();
    } finally {
      connection.close();
    }
  });
  evidence.failure = failure;
  evidence.findings = judge(input, evidence);
  evidence.status = statusOf(failure, evidence.findings);
  return evidence;
}

async function converse(ctx: Ctx, input: Input, session: LdapSession, evidence: Evidence<Output>): Promise<void> {
  if (input.tls.mode === "starttls") await startTls(ctx, input, session, evidence);
  evidence.root_dse = await readRootDse(session);
  evidence.anonymous_read = await anonymousRead(session, evidence.root_dse);
  if (input.bind !== undefined) await bind(input.bind, session, evidence);
  const { result, identity } = await session.whoAmI();
  evidence.who_am_i = result.code === 0 ? identity : null;
  if (input.search !== undefined) evidence.search = await runSearch(session, input.search, evidence.root_dse);
}

async function startTls(ctx: Ctx, input: Input, session: LdapSession, evidence: Evidence<Output>): Promise<void> {
  const { code, name, diagnostic } = await session.startTls();
  if (code !== 0) {
    evidence.starttls = "refused";
    throw failureError("starttls", "reply_rejected", `the server refuses StartTLS: ${name}${diagnostic === "" ? "" : `, ${diagnostic}`}`);
  }
  await secure(ctx, input, session.connection, evidence);
  evidence.starttls = "secured";
}

function nothingYet({ target_host, target_port, tls }: Input): Evidence<Output> {
  const port = target_port ?? (tls.mode === "implicit" ? 636 : 389);
  const server = { starttls: "not_tried", tls: null, root_dse: null, anonymous_read: null, bind: null, who_am_i: null, search: null } as const;
  return { status: "ok", failure: null, target_host, target_port: port, attempts: [], ...server, findings: [] };
}
