import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Result } from "../../runner/net/ldap/message.js";
import type { LdapSession } from "../../runner/net/ldap/session.js";
import { external } from "../../runner/net/sasl/external.js";
import { scramSha256 } from "../../runner/net/sasl/scram-sha-256.js";
import { failureError } from "../../runner/run/failure-error.js";
import { resolved } from "../../schemas/secret.js";
import type { Input, Output } from "./schema.js";

type Bind = NonNullable<Input["bind"]>;

/** A password that is empty would be an anonymous bind, which every server accepts (RFC 4513, section 5.1.2): it is never sent. */
export async function bind(asked: Bind, session: LdapSession, evidence: Evidence<Output>): Promise<void> {
  const secret = asked.password === undefined ? null : resolved(asked.password);
  if (secret === "") throw failureError("auth", "not_permitted", "an empty password is not sent: servers take such a bind for an anonymous one, and accept it");
  const { mechanism } = asked;
  const { code, name, diagnostic } = await (mechanism === "simple"
    ? simple(asked, secret ?? "", session, evidence)
    : sasl(asked, secret ?? "", session, evidence));
  const [, sub_code = null] = /\bdata ([0-9a-f]{1,8})\b/.exec(diagnostic) ?? [];
  evidence.bind = { mechanism, result_code: code, result: name, diagnostic, accepted: code === 0, sub_code };
  if (code !== 0) throw failureError("auth", "reply_rejected", `the server refuses the bind: ${name} (${code})${diagnostic === "" ? "" : `: ${diagnostic}`}`);
}

async function simple({ dn = "", allow_plaintext }: Bind, secret: string, session: LdapSession, { tls }: Evidence<Output>): Promise<Result> {
  if (tls === null && !allow_plaintext)
    throw failureError("auth", "not_permitted", "the password is not sent in plain text: set tls.mode, or allow it with bind.allow_plaintext");
  return session.bind(dn, secret);
}

async function sasl({ mechanism, username = "" }: Bind, secret: string, session: LdapSession, { root_dse }: Evidence<Output>): Promise<Result> {
  const offered = root_dse?.sasl_mechanisms ?? null;
  // A root DSE that may not be read says nothing of the mechanisms.
  if (offered !== null && !offered.includes(mechanism))
    throw failureError("auth", "unsupported", `the server offers ${offered.length === 0 ? "no SASL mechanism" : offered.join(" ")}, and not ${mechanism}`);
  return session.saslBind(mechanism, mechanism === "EXTERNAL" ? external() : scramSha256(username, secret));
}
