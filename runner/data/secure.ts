import type { TlsFacts, TlsInput } from "../../schemas/tls.js";
import type { Context } from "../harness/context.js";
import type { Connection } from "../net/transport/connection.js";
import { type SecureOptions, secureOptionsOf } from "../net/transport/secure-options.js";
import { requireTrusted } from "../net/transport/tls.js";
import { failureError } from "../run/failure-error.js";

interface SecureInput {
  readonly target_host: string;
  readonly tls: TlsInput;
  readonly command_timeout_ms: number;
}

/** Makes the connection a TLS connection, stores its facts, and fails if the certificate must be trusted and is not. */
export async function secure(
  ctx: Context<"tls">,
  { tls, target_host, command_timeout_ms }: SecureInput,
  connection: Connection,
  evidence: { tls: TlsFacts | null },
  more: Pick<SecureOptions, "alpn" | "maxVersion"> = {},
): Promise<void> {
  const host = tls.servername ?? target_host;
  evidence.tls = await ctx.tls.secure(connection, { ...secureOptionsOf(tls, host), ...more }, command_timeout_ms);
  if (tls.verify === "require") requireTrusted(evidence.tls, host);
}

/** A password that everyone on the path could read is not sent unless the input allows it. */
export function requireCover(connection: Connection, isAllowed: boolean): void {
  if (connection.tls === null && !isAllowed)
    throw failureError("auth", "not_permitted", "the password is not sent in plain text: set tls.mode, or allow it with auth.allow_plaintext");
}
