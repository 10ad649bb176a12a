import { authMechanisms, has, sizeOf } from "../../runner/net/smtp/capabilities.js";
import { hello, heloDomain, noop, quit, starttls } from "../../runner/net/smtp/commands.js";
import { replyClass, replyText } from "../../runner/net/smtp/reply.js";
import { expectAccepted, rejected, SmtpSession } from "../../runner/net/smtp/session.js";
import { missing } from "../../runner/service-check/expectations.js";
import type { Service } from "../../runner/service-check/service.js";
import type { Anomaly } from "../../schemas/smtp.js";
import type { SmtpEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** SMTP (RFC 5321) in the course of a service check. What most runs do not ask for is loaded when it is: start-up counts. */
export const SMTP: Service<SmtpSession, Input, SmtpEvidence> = {
  // RFC 8314, section 3.3.
  implicitTlsPort: 465,
  capabilityVerb: "EHLO",
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
    ask: (session) => quit(session).then((reply) => ({ words: `${reply.code} ${replyText(reply)}`, refusal: replyClass(reply) === 2 ? null : reply.code })),
  },
  connect: (ctx, target, attempts) => SmtpSession.connect(ctx, target, attempts),

  greet: (session, evidence) =>
    session.greet().then((greeting) => {
      evidence.banner = replyText(greeting);
      expectAccepted("greeting", greeting);
    }),

  introduce(session, input, evidence) {
    evidence.helo_domain = heloDomain(input.helo_domain, session.connection);
    return hello(session, evidence.helo_domain).then(() => {
      evidence.capabilities = session.capabilities;
      evidence.protocol = session.capabilities === null ? "SMTP" : "ESMTP";
    });
  },

  noop: (session) => noop(session).then((reply) => ({ duration_ms: reply.duration_ms, refusal: replyClass(reply) === 2 ? null : rejected("noop", reply) })),

  async logIn(session, auth, evidence) {
    const { authenticate } = await import("../../runner/net/smtp/auth.js");
    evidence.auth = { mechanism: null, accepted: false };
    await authenticate(session, auth, evidence.auth);
    evidence.auth.accepted = true;
  },

  ask: (session, { send_message: message }, evidence) =>
    message === undefined ? null : import("./message.js").then(({ sendTestMessage }) => sendTestMessage(session, message, evidence)),

  anomalies({ farewell }, { protocol }) {
    const anomalies: Anomaly[] = [];
    if (protocol === "SMTP") anomalies.push({ kind: "helo_fallback", detail: "EHLO was refused, HELO was taken" });
    if (farewell !== null) anomalies.push({ kind: "closed_by_421", detail: `${farewell.code} ${replyText(farewell)}` });
    return anomalies;
  },

  conclude(evidence) {
    evidence.size = sizeOf(evidence.capabilities);
    if (evidence.size.meaning === "unreadable") evidence.anomalies.push({ kind: "size_unreadable", detail: `SIZE ${evidence.size.text}` });
  },

  authMechanisms: ({ capabilities }) => authMechanisms(capabilities),
  questions: {
    capabilities: (wanted, { evidence: { capabilities, tls } }) =>
      // RFC 8689, section 4: outside TLS, REQUIRETLS promises nothing.
      missing("capability_missing", "EHLO does not offer", wanted, (keyword) => has(capabilities, keyword) && (keyword !== "REQUIRETLS" || tls !== null)),
    min_size_bytes: (wanted, { evidence: { size } }) => {
      if (size.meaning !== "limit" || (size.bytes as number) >= wanted) return null;
      return { reason: "size_too_small", message: `messages of more than ${size.bytes} bytes are refused`, expected: wanted, actual: size.bytes };
    },
  },
};
