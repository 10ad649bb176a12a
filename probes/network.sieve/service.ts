import type { Evidence } from "../../runner/harness/define-probe.js";
import { mechanismsOf } from "../../runner/net/sieve/login.js";
import { accepted, rejected, replyLine } from "../../runner/net/sieve/reply.js";
import { SieveSession } from "../../runner/net/sieve/session.js";
import { missing } from "../../runner/service-check/expectations.js";
import { capabilitiesQuestion } from "../../runner/service-check/judge.js";
import type { Service } from "../../runner/service-check/service.js";
import type { Input, Output } from "./schema.js";

/** ManageSieve (RFC 5804) in the course of a service check. It reads and changes no script. */
export const SIEVE: Service<SieveSession, Input, Evidence<Output>> = {
  implicitTlsPort: null,
  capabilityVerb: "CAPABILITY",
  starttls: { verb: "STARTTLS", expected: "OK", ask: (session, options) => session.starttls(options) },
  goodbye: {
    verb: "LOGOUT",
    expected: "OK",
    ask: (session) => session.logout().then((reply) => ({ words: replyLine(reply), refusal: reply.status === "OK" ? null : reply.status })),
  },
  connect: (ctx, target, attempts) => SieveSession.connect(ctx, target, attempts),
  async greet(session, evidence) {
    const greeting = session.note(await session.greet());
    evidence.banner = greeting.text;
    accepted("greeting", greeting);
  },
  /** The greeting holds the capabilities, and after STARTTLS the server sends them again. */
  async introduce(session, _, evidence) {
    if (evidence.starttls === "secured") await session.capabilitiesAfterTls();
    evidence.capabilities = [...session.capabilities];
  },
  async noop(session) {
    const reply = await session.command("NOOP", "noop", "NOOP");
    return { duration_ms: reply.duration_ms, refusal: reply.status === "OK" ? null : rejected("noop", reply) };
  },
  async logIn(session, auth, evidence) {
    const { logIn } = await import("../../runner/net/sieve/login.js");
    evidence.auth = { mechanism: null, accepted: false };
    await logIn(session, auth, evidence.auth);
    evidence.auth.accepted = true;
  },
  anomalies: ({ farewell }) => (farewell === null ? [] : [{ kind: "closed_unasked", detail: replyLine(farewell) }]),
  authMechanisms: ({ capabilities }) => mechanismsOf(capabilities),
  questions: {
    capabilities: capabilitiesQuestion("CAPABILITY does not name"),
    extensions: (wanted, { evidence }) => {
      const found = evidence.capabilities?.find(({ keyword }) => keyword === "SIEVE")?.parameters.map((name) => name.toLowerCase()) ?? [];
      return missing("extension_missing", "the server does not support", wanted, (name) => found.includes(name.toLowerCase()));
    },
  },
};
