import { capability, logout, noop, starttls } from "../../runner/net/imap/commands.js";
import { offeredMechanisms } from "../../runner/net/imap/offered-mechanisms.js";
import { rejected } from "../../runner/net/imap/reply.js";
import { statusLine } from "../../runner/net/imap/response.js";
import { ImapSession } from "../../runner/net/imap/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { finding } from "../../runner/run/judge.js";
import { capabilitiesQuestion } from "../../runner/service-check/judge.js";
import type { Service } from "../../runner/service-check/service.js";
import type { ImapAnomaly } from "../../schemas/imap.js";
import type { ImapEvidence } from "./evidence.js";
import type { Input } from "./schema.js";

/** IMAP (RFC 3501, RFC 9051) in the course of a service check. */
export const IMAP: Service<ImapSession, Input, ImapEvidence> = {
  // RFC 8314, section 3.2.
  implicitTlsPort: 993,
  capabilityVerb: "CAPABILITY",
  // Inside TLS a password is safe (RFC 3501, section 6.2.3).
  clearTextOnly: ["LOGINDISABLED"],
  starttls: {
    verb: "STARTTLS",
    expected: "OK",
    ask: async (session, options) => {
      const { reply, tls } = await starttls(session, options);
      return tls === null ? rejected("starttls", reply) : null;
    },
    obstacle: ({ greeting }) => (greeting === "preauth" ? PREAUTH_IN_CLEAR : null),
  },
  goodbye: {
    verb: "LOGOUT",
    expected: "OK",
    ask: async (session) => {
      const reply = await logout(session);
      return { words: statusLine(reply), refusal: reply.status === "OK" ? null : reply.status };
    },
  },
  connect: (ctx, target, attempts) => ImapSession.connect(ctx, target, attempts),

  async greet(session, evidence) {
    const greeting = await session.greet();
    evidence.greeting = greeting.status.toLowerCase() as "ok" | "preauth" | "bye";
    evidence.banner = greeting.text;
    if (greeting.status === "BYE") throw rejected("greeting", greeting);
  },

  /** Asked also if the greeting named them: how long the server takes for it is part of the picture. */
  async introduce(session, _, evidence) {
    evidence.capabilities = [...(await capability(session))];
    evidence.versions = (["IMAP4REV1", "IMAP4REV2"] as const).filter((version) => session.has(version));
  },

  async noop(session) {
    const reply = await noop(session);
    return { duration_ms: reply.duration_ms, refusal: reply.status === "OK" ? null : rejected("noop", reply) };
  },

  async logIn(session, auth, evidence) {
    evidence.auth = { mechanism: null, accepted: false };
    if (evidence.greeting === "preauth") throw failureError("auth", "unsupported", PREAUTH_LOGIN);
    // Loaded when it is asked for: most runs do not log in, and start-up counts.
    const { logIn } = await import("../../runner/net/imap/login.js");
    await logIn(session, auth, evidence.auth);
    evidence.auth.accepted = true;
  },

  async capabilitiesAfterLogin(session, evidence) {
    evidence.capabilities_after_login = [...(await capability(session))];
  },

  anomalies({ farewell }, { greeting, capabilities, versions }) {
    const anomalies: ImapAnomaly[] = [];
    if (farewell !== null && greeting !== "bye") anomalies.push({ kind: "closed_by_bye", detail: statusLine(farewell) });
    // RFC 3501, section 7.2.1; RFC 9051, section 7.2.2: one of them must be named.
    if (capabilities !== null && versions.length === 0) anomalies.push({ kind: "no_known_version", detail: "neither IMAP4rev1 nor IMAP4rev2 is named" });
    return anomalies;
  },

  authMechanisms: ({ capabilities }) => offeredMechanisms(capabilities ?? []),
  questions: { capabilities: capabilitiesQuestion("CAPABILITY does not name") },
};

/** A client that is logged in can secure nothing any more (RFC 9051, section 11.3): so an attacker on the way keeps it in the clear. */
const PREAUTH_IN_CLEAR = finding(
  "warning",
  "preauth_in_clear",
  "the server greeted with PREAUTH in the clear: after that STARTTLS is not possible",
  "OK",
  "PREAUTH",
);

const PREAUTH_LOGIN = "the server greeted with PREAUTH: the session is already authenticated, so a login is not possible";
