import type { Evidence } from "../../runner/harness/define-probe.js";
import { rejected, replyLine } from "../../runner/net/nntp/reply.js";
import { NntpSession } from "../../runner/net/nntp/session.js";
import { failureError } from "../../runner/run/failure-error.js";
import { capabilitiesQuestion } from "../../runner/service-check/judge.js";
import type { Service } from "../../runner/service-check/service.js";
import { resolved } from "../../schemas/secret.js";
import type { Input, Output } from "./schema.js";

/** NNTP (RFC 3977) as a service check. It reads and posts nothing; DATE replaces NOOP, which NNTP does not have. */
export const NNTP: Service<NntpSession, Input, Evidence<Output>> = {
  implicitTlsPort: 563,
  capabilityVerb: "CAPABILITIES",
  clearTextOnly: ["STARTTLS"],
  starttls: { verb: "STARTTLS", expected: "382", ask: (session, options) => session.starttls(options) },
  goodbye: {
    verb: "QUIT",
    expected: "205",
    ask: (session) => session.quit().then((reply) => ({ words: replyLine(reply), refusal: reply.code === 205 ? null : reply.code })),
  },
  connect: (ctx, target, attempts) => NntpSession.connect(ctx, target, attempts),
  async greet(session, evidence) {
    const greeting = await session.greet();
    evidence.banner = greeting.text;
    if (greeting.code !== 200 && greeting.code !== 201) throw rejected("greeting", greeting);
    evidence.posting = greeting.code === 200;
  },
  async introduce(session, _, evidence) {
    await session.listCapabilities();
    evidence.capabilities = session.capabilities === null ? null : [...session.capabilities];
  },
  /** A server that does not know DATE, or wants a login first, has answered in its time as well. */
  async noop(session) {
    const reply = await session.command("DATE", "noop", "DATE");
    return { duration_ms: reply.duration_ms, refusal: reply.code === 400 ? rejected("noop", reply) : null };
  },
  async logIn(session, { username, password, allow_plaintext }, evidence) {
    evidence.auth = { mechanism: null, accepted: false };
    if (session.connection.tls === null && !allow_plaintext)
      throw failureError("auth", "not_permitted", "the password is not sent in plain text: set tls.mode, or allow it with auth.allow_plaintext");
    const name = await session.command("AUTHINFO USER", "auth", `AUTHINFO USER ${username}`);
    const reply =
      name.code === 381 ? await session.command("AUTHINFO PASS", "auth", `AUTHINFO PASS ${resolved(password)}`, { shown: "AUTHINFO PASS [secret]" }) : name;
    if (reply.code !== 281) throw rejected("auth", reply);
    evidence.auth.accepted = true;
  },
  anomalies: ({ farewell }) => (farewell === null ? [] : [{ kind: "closed_unasked", detail: replyLine(farewell) }]),
  authMechanisms: ({ capabilities }) => (capabilities ?? []).filter(({ keyword }) => keyword === "SASL").flatMap(({ parameters }) => parameters),
  questions: {
    capabilities: capabilitiesQuestion("CAPABILITIES does not name"),
    posting: (wanted, { evidence: { posting } }) =>
      posting === wanted
        ? null
        : { reason: "posting_differs", message: `posting is ${posting === true ? "" : "not "}allowed`, expected: String(wanted), actual: String(posting) },
  },
};
