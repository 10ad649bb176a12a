import { createRequire } from "node:module";
import { messagesOf, senderOf, serveVerifying } from "./verify-rounds.js";

interface Mailauth {
  spf(options: Readonly<Record<string, unknown>>): Promise<{ status: { result: string } }>;
  dkimVerify(message: Buffer, options: Readonly<Record<string, unknown>>): Promise<{ results: { status: { result: string } }[] }>;
}

// node22 verify-mailauth.js: mailauth 7, strict, from the folder that PROBE_RUN_MAILAUTH names. It needs Node 22.
const load = createRequire(`${process.env.PROBE_RUN_MAILAUTH}/`);
const { spf } = load("mailauth/lib/spf") as Mailauth;
const { dkimVerify } = load("mailauth/lib/dkim/verify") as Mailauth;

serveVerifying((request) => {
  const { kind, texts, mailHosts, senders } = request;
  const resolver = async (name: string, type: string): Promise<unknown[]> => {
    const found = type === "TXT" ? texts[name]?.map((text) => [text]) : type === "A" ? mailHosts[name] : undefined;
    if (found === undefined) throw Object.assign(new Error("none"), { code: "ENOTFOUND" });
    return [...found];
  };
  if (kind === "spf") {
    const questions = senders.map(senderOf);
    return async (sender) => (await spf({ ...questions[sender], mta: "mx.bench.example", resolver, strict: true })).status.result;
  }
  const messages = messagesOf(request);
  return async (sender) => (await dkimVerify(messages[sender] as Buffer, { resolver, strict: true })).results[0]?.status.result ?? "none";
});
