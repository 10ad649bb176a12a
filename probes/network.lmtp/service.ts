import type { Evidence } from "../../runner/harness/define-probe.js";
import { authMechanisms } from "../../runner/net/smtp/capabilities.js";
import { heloDomain, lhlo, noop, quit, starttls } from "../../runner/net/smtp/commands.js";
import { replyClass, replyText } from "../../runner/net/smtp/reply.js";
import { expectAccepted, rejected, SmtpSession } from "../../runner/net/smtp/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { capabilitiesQuestion } from "../../runner/service-check/judge.js";
import type { Service } from "../../runner/service-check/service.js";
import type { Input, Output } from "./schema.js";

/** LMTP (RFC 2033) as a service check: SMTP's commands with LHLO. Nothing is delivered, and there is no login. */
export const LMTP: Service<SmtpSession, Input, Evidence<Output>> = {
  implicitTlsPort: null,
  capabilityVerb: "LHLO",
  starttls: {
    verb: "STARTTLS",
    expected: "220",
    ask: async (session, options) => {
      const { reply, tls } = await starttls(session, options);
      return tls === null ? rejected("starttls", reply) : null;
    },
  },
  goodbye: {
    verb: "QUIT",
    expected: "221",
    ask: async (session) => {
      const reply = await quit(session);
      return { words: `${reply.code} ${replyText(reply)}`, refusal: replyClass(reply) === 2 ? null : reply.code };
    },
  },
  connect: (ctx, target, attempts) => SmtpSession.connect(ctx, target, attempts),
  async greet(session, evidence) {
    const greeting = await session.greet();
    evidence.banner = replyText(greeting);
    expectAccepted("greeting", greeting);
  },
  async introduce(session, input, evidence) {
    await lhlo(session, heloDomain(input.helo_domain, session.connection));
    evidence.capabilities = session.capabilities;
  },
  async noop(session) {
    const reply = await noop(session);
    return { duration_ms: reply.duration_ms, refusal: replyClass(reply) === 2 ? null : rejected("noop", reply) };
  },
  logIn: () => Promise.reject(failureError("auth", "unsupported", "LMTP has no login here")),
  anomalies: ({ farewell }) => (farewell === null ? [] : [{ kind: "closed_unasked", detail: `${farewell.code} ${replyText(farewell)}` }]),
  authMechanisms: ({ capabilities }) => authMechanisms(capabilities),
  questions: { capabilities: capabilitiesQuestion("LHLO does not name") },
};
