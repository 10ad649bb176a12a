import { createRequire } from "node:module";
import { SENDER, serveVerifying } from "./verify-rounds.js";

interface Mailauth {
  spf(options: Readonly<Record<string, unknown>>): Promise<{ status: { result: string } }>;
  dkimVerify(message: Buffer, options: Readonly<Record<string, unknown>>): Promise<{ results: { status: { result: string } }[] }>;
}

// node22 verify-mailauth.js: mailauth 7, strict, from the folder that PROBE_RUN_MAILAUTH names. It needs Node 22.
const load = createRequire(`${process.env.PROBE_RUN_MAILAUTH}/`);
const { spf } = load("mailauth/lib/spf") as Mailauth;
const { dkimVerify } = load("mailauth/lib/dkim/verify") as Mailauth;

serveVerifying(({ kind, texts, mailHosts, message }) => {
  const resolver = async (name: string, type: string): Promise<unknown[]> => {
    const found = type === "TXT" ? texts[name]?.map((text) => [text]) : type === "A" ? mailHosts[name] : undefined;
    if (found === undefined) throw Object.assign(new Error("none"), { code: "ENOTFOUND" });
    return [...found];
  };
  if (kind === "spf") return async () => (await spf({ ...SENDER, mta: "mx.bench.example", resolver, strict: true })).status.result;
  const bytes = Buffer.from(message, "latin1");
  return async () => (await dkimVerify(bytes, { resolver, strict: true })).results[0]?.status.result ?? "none";
});
