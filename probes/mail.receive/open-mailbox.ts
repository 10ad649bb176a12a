import { capability, starttls } from "../../runner/net/imap/commands.js";
import { logIn } from "../../runner/net/imap/login.js";
import { listMailboxes } from "../../runner/net/imap/mailbox.js";
import { rejected } from "../../runner/net/imap/reply.js";
import { ImapSession, type SessionOptions } from "../../runner/net/imap/session.js";
import { problemWords } from "../../runner/net/transport/problem-words.js";
import type { SecureOptions } from "../../runner/net/transport/secure-options.js";

import { failureError } from "../../runner/run/failure-error.js";
import { resolved } from "../../schemas/secret.js";
import type { AuthInput } from "../../schemas/smtp.js";
import type { TlsFacts } from "../../schemas/tls.js";
import type { Ctx, ReceiveEvidence } from "./evidence.js";
import { type Folder, foldersOf } from "./folders.js";
import type { Input } from "./schema.js";

/** A session that is secured and logged in, and the folders of the account that are to be searched. No folder is open yet. */
export async function openMailbox(ctx: Ctx, input: Input, evidence: ReceiveEvidence): Promise<{ session: ImapSession; folders: Folder[] }> {
  const session = await ImapSession.connect(ctx, targetOf(input), evidence.attempts);
  try {
    await introduce(session, input, evidence);
    if (session.greeting?.status !== "PREAUTH") {
      evidence.auth = { mechanism: null, accepted: false };
      await logIn(session, authOf(input), evidence.auth);
      evidence.auth.accepted = true;
    }
    evidence.capabilities = [...(session.capabilities ?? (await capability(session)))];
    return { session, folders: foldersOf([input.folder, ...input.folders], await listMailboxes(session)) };
  } catch (error) {
    session.close();
    throw error;
  }
}

function targetOf(input: Input): SessionOptions {
  const { connect_timeout_ms: connectMs = input.timeout * 1000, ...rest } = input;
  return { ...rest, connect_timeout_ms: connectMs, command_timeout_ms: commandTimeoutMs(input) };
}

export function commandTimeoutMs({ timeout, command_timeout_ms: milliseconds }: Input): number {
  return milliseconds ?? timeout * 1000;
}

async function introduce(session: ImapSession, input: Input, evidence: ReceiveEvidence): Promise<void> {
  if (input.tls_mode === "implicit") keep(await session.secure(secureOptions(input)), input, evidence);
  const greeting = await session.greet();
  if (greeting.status === "BYE") throw rejected("greeting", greeting);
  if (input.tls_mode !== "starttls") return;
  // STARTTLS is not allowed after a login: with a forged PREAUTH greeting an attacker would keep the session in the clear.
  if (greeting.status === "PREAUTH") throw failureError("starttls", "protocol_violation", "the server sent PREAUTH, which leaves no way to start TLS");
  const { reply, tls } = await starttls(session, secureOptions(input));
  if (tls === null) throw rejected("starttls", reply);
  keep(tls, input, evidence);
}

/** A password is not sent to a server with an untrusted certificate, unless the input allows it. */
function keep(tls: TlsFacts, input: Input, evidence: ReceiveEvidence): void {
  evidence.tls = tls;
  if (input.tls_options.verify === "require" && !tls.authorised)
    throw failureError("tls", "tls_certificate", `the certificate is not trusted for ${tls.servername ?? input.host}: ${problemWords(tls)}`);
}

function secureOptions({ host, tls_options: tls }: Input): SecureOptions {
  return { host: tls.servername ?? host, min_version: tls.min_version, ...(tls.ca === undefined ? {} : { ca: tls.ca }) };
}

function authOf(input: Input): AuthInput {
  const { username, access_token: token, auth } = input;
  const password = input.password ?? input.password_secret;
  return {
    ...auth,
    username,
    ...(token === undefined ? {} : { access_token: resolved(token) }),
    ...(password === undefined || token !== undefined ? {} : { password: resolved(password) }),
  };
}
