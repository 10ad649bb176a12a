import type { ImapAccount, ImapAccountFacts } from "../../../schemas/imap-account.js";
import type { Attempt } from "../../../schemas/network.js";
import { resolved } from "../../../schemas/secret.js";
import type { AuthInput } from "../../../schemas/smtp.js";
import type { TlsFacts } from "../../../schemas/tls.js";
import { failureError } from "../../run/failure-error.js";
import { problemWords } from "../transport/problem-words.js";
import { type SecureOptions, secureOptionsOf } from "../transport/secure-options.js";
import { capability, starttls } from "./commands.js";
import { logIn } from "./login.js";
import { rejected } from "./reply.js";
import { type ImapContext, ImapSession, type SessionOptions } from "./session.js";

/** A session that is secured and logged in. No folder is open yet. */
export async function openAccount(
  context: ImapContext,
  account: ImapAccount & SessionOptions,
  facts: ImapAccountFacts & { attempts: Attempt[] },
): Promise<ImapSession> {
  const session = await ImapSession.connect(context, account, facts.attempts);
  try {
    await introduce(session, account, facts);
    if (session.greeting?.status !== "PREAUTH") {
      facts.auth = { mechanism: null, accepted: false };
      await logIn(session, authOf(account), facts.auth);
      facts.auth.accepted = true;
    }
    facts.capabilities = [...(session.capabilities ?? (await capability(session)))];
    return session;
  } catch (error) {
    session.close();
    throw error;
  }
}

async function introduce(session: ImapSession, account: ImapAccount, facts: ImapAccountFacts): Promise<void> {
  if (account.tls_mode === "implicit") keep(await session.secure(secureOptions(account)), account, facts);
  const greeting = await session.greet();
  if (greeting.status === "BYE") throw rejected("greeting", greeting);
  if (account.tls_mode !== "starttls") return;
  // STARTTLS is not allowed after a login: with a forged PREAUTH greeting an attacker would keep the session in the clear.
  if (greeting.status === "PREAUTH") throw failureError("starttls", "protocol_violation", "the server sent PREAUTH, which leaves no way to start TLS");
  const { reply, tls } = await starttls(session, secureOptions(account));
  if (tls === null) throw rejected("starttls", reply);
  keep(tls, account, facts);
}

/** A password is not sent to a server with an untrusted certificate, unless the account's options allow it. */
function keep(tls: TlsFacts, account: ImapAccount, facts: ImapAccountFacts): void {
  facts.tls = tls;
  if (account.tls_options.verify === "require" && !tls.authorised)
    throw failureError("tls", "tls_certificate", `the certificate is not trusted for ${tls.servername ?? account.host}: ${problemWords(tls)}`);
}

function secureOptions({ host, tls_options: tls }: ImapAccount): SecureOptions {
  return secureOptionsOf(tls, host);
}

function authOf(account: ImapAccount): AuthInput {
  const { username, access_token: token, auth } = account;
  const password = account.password ?? account.password_secret;
  return {
    ...auth,
    username,
    ...(token === undefined ? {} : { access_token: resolved(token) }),
    ...(password === undefined || token !== undefined ? {} : { password: resolved(password) }),
  };
}
