import { offeredMechanisms, timestampOf } from "../../runner/net/pop3/capabilities.js";
import { capa, noop, quit, stat, stls } from "../../runner/net/pop3/commands.js";
import { accepted, rejected, replyLine } from "../../runner/net/pop3/reply.js";
import { Pop3Session } from "../../runner/net/pop3/session.js";
import { capabilitiesQuestion } from "../../runner/service-check/judge.js";
import type { Service } from "../../runner/service-check/service.js";
import type { Pop3Evidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** POP3 (RFC 1939) in the course of a service check. It changes nothing in the mailbox: a client that deletes nothing and quits loses nothing. */
export const POP3: Service<Pop3Session, Input, Pop3Evidence> = {
  // RFC 8314, section 3.1.
  implicitTlsPort: 995,
  capabilityVerb: "CAPA",
  noopNeedsLogin: true,
  starttls: {
    verb: "STLS",
    expected: "+OK",
    ask: async (session, options) => {
      const refusal = await stls(session, options);
      return refusal === null ? null : rejected("starttls", refusal);
    },
  },
  goodbye: {
    verb: "QUIT",
    expected: "+OK",
    ask: async (session) => {
      const reply = await quit(session);
      return { words: replyLine(reply), refusal: reply.status === "OK" ? null : "-ERR" };
    },
  },
  connect: (ctx, target, attempts) => Pop3Session.connect(ctx, target, attempts),

  async greet(session, evidence) {
    const greeting = await session.greet();
    evidence.banner = greeting.text;
    accepted("greeting", greeting);
    evidence.offers_apop = timestampOf(greeting.text) !== null;
  },

  /** A server that does not know CAPA has answered in its time as well. */
  async introduce(session, _, evidence) {
    const reply = await capa(session);
    evidence.response_time_ms = reply.duration_ms;
    evidence.capabilities = session.capabilities === null ? null : [...session.capabilities];
  },

  async noop(session) {
    const reply = await noop(session);
    return { duration_ms: reply.duration_ms, refusal: reply.status === "OK" ? null : rejected("noop", reply) };
  },

  async logIn(session, auth, evidence) {
    // Loaded when it is asked for: most runs do not log in, and start-up counts.
    const { logIn } = await import("../../runner/net/pop3/login.js");
    evidence.auth = { mechanism: null, accepted: false };
    await logIn(session, auth, evidence.auth);
    evidence.auth.accepted = true;
  },

  async ask(session, { auth }, evidence) {
    if (auth !== undefined) evidence.mailbox = await stat(session);
  },

  async capabilitiesAfterLogin(session, evidence) {
    if (evidence.capabilities === null) return;
    await capa(session);
    evidence.capabilities_after_login = session.capabilities === null ? null : [...session.capabilities];
  },

  anomalies: ({ farewell }) => (farewell === null ? [] : [{ kind: "closed_unasked", detail: replyLine(farewell) }]),
  authMechanisms: ({ capabilities, banner }) => offeredMechanisms(capabilities, banner),
  questions: { capabilities: capabilitiesQuestion("CAPA does not name") },
};
