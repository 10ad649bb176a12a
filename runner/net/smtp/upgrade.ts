import type { TlsFacts } from "../../../schemas/tls.js";
import { FailureError, failureError } from "../../run/failure-error.js";
import type { SecureOptions } from "../transport/secure-options.js";
import { has } from "./capabilities.js";
import { starttls } from "./commands.js";
import { CLOSING } from "./reply.js";
import { rejected, type SmtpSession } from "./session.js";

/** What became of STARTTLS. Whether that is enough is the caller's policy. */
export type Upgrade =
  | { readonly kind: "not_offered" }
  /** The connection is still in plain text and continues as before, unless the server has said that it closes it. */
  | { readonly kind: "refused"; readonly refusal: FailureError; readonly isClosing: boolean }
  /** The connection is lost: nothing more may be sent on it in the clear (RFC 3207, section 4.1). A new one may be tried without TLS. */
  | { readonly kind: "broken"; readonly error: FailureError }
  | { readonly kind: "secured"; readonly tls: TlsFacts };

/** Secures a session that began in the clear, if the server offers it. */
export async function upgrade(session: SmtpSession, options: SecureOptions): Promise<Upgrade> {
  if (!has(session.capabilities, "STARTTLS")) return { kind: "not_offered" };
  try {
    const { reply, tls } = await starttls(session, options);
    if (tls === null) return { kind: "refused", refusal: rejected("starttls", reply), isClosing: reply.code === CLOSING };
    return { kind: "secured", tls };
  } catch (error) {
    // A 421 that came unasked is the server's word, and no fault of the handshake.
    if (!(error instanceof FailureError) || error.failure.reply_code !== null) throw error;
    return { kind: "broken", error };
  }
}

/** TLS is required: anything but a secured session is a failure. */
export async function requireUpgrade(session: SmtpSession, options: SecureOptions): Promise<TlsFacts> {
  const upgraded = await upgrade(session, options);
  switch (upgraded.kind) {
    case "not_offered":
      throw starttlsMissing();
    case "refused":
      throw upgraded.refusal;
    case "broken":
      throw upgraded.error;
    case "secured":
      return upgraded.tls;
  }
}

export function starttlsMissing(): FailureError {
  return failureError("starttls", "unsupported", "the server does not offer STARTTLS");
}
