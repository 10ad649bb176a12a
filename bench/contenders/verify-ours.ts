import { checkHost } from "../../runner/mail/spf/check-host.js";
import type { SpfResolver } from "../../runner/mail/spf/lookups.js";
import type { TxtLookup } from "../../runner/mail/verify/key-lookup.js";
import { readMessage } from "../../runner/mail/verify/message-parts.js";
import { verifyDkim } from "../../runner/mail/verify/verify-dkim.js";
import { messagesOf, senderOf, serveVerifying } from "./verify-rounds.js";

// node verify-ours.js: SPF and DKIM as mail.verify evaluates them.
serveVerifying((request) => {
  const { kind, texts, mailHosts, senders } = request;
  const resolve = (async (name: string, type: string) => (type === "TXT" ? (texts[name] ?? []) : type === "A" ? (mailHosts[name] ?? []) : [])) as SpfResolver;
  const lookup: TxtLookup = async (name) => ({ outcome: texts[name] === undefined ? "no_such_name" : "found", texts: [...(texts[name] ?? [])], problem: null });
  if (kind === "spf") {
    const questions = senders.map(senderOf);
    return async (sender) => (await checkHost(questions[sender] as (typeof questions)[number], resolve)).result;
  }
  const messages = messagesOf(request);
  return async (sender) => (await verifyDkim(readMessage(messages[sender] as Buffer), { lookup, at: Date.now() }))[0]?.result ?? "none";
});
