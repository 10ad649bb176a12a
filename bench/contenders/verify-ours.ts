import { checkHost } from "../../runner/mail/spf/check-host.js";
import type { SpfResolver } from "../../runner/mail/spf/lookups.js";
import type { TxtLookup } from "../../runner/mail/verify/key-lookup.js";
import { readMessage } from "../../runner/mail/verify/message-parts.js";
import { verifyDkim } from "../../runner/mail/verify/verify-dkim.js";
import { SENDER, serveVerifying } from "./verify-rounds.js";

// node verify-ours.js: SPF and DKIM as mail.verify evaluates them.
serveVerifying(({ kind, texts, mailHosts, message }) => {
  const resolve = (async (name: string, type: string) => (type === "TXT" ? (texts[name] ?? []) : type === "A" ? (mailHosts[name] ?? []) : [])) as SpfResolver;
  const lookup: TxtLookup = async (name) => ({ outcome: texts[name] === undefined ? "no_such_name" : "found", texts: [...(texts[name] ?? [])] });
  if (kind === "spf") return async () => (await checkHost(SENDER, resolve)).result;
  const bytes = Buffer.from(message, "latin1");
  return async () => (await verifyDkim(readMessage(bytes), { lookup, at: Date.now() }))[0]?.result ?? "none";
});
