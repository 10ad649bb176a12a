import { afterEach, expect, test } from "vitest";
import { runReport } from "../../runner/harness/run.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

/** As a resolver that validates answers for a zone whose signatures have expired (RFC 8914, section 4.8). */
const EXPIRED = { type: "OPT" as const, name: ".", udpPayloadSize: 1232, options: [{ code: 15, data: Buffer.from("\0\x07last week") }] };

test.each([
  ["mail.spf", { ip: "192.0.2.1" }, (output: Checked) => output.problem],
  ["mail.spf", {}, (output: Checked) => output.checks[0]?.message],
  ["mail.dmarc", {}, (output: Checked) => output.failure?.message],
  ["mail.dkim", { selectors: ["s1"] }, (output: Checked) => output.failure?.message],
  ["mail.dkim", {}, (output: Checked) => output.failure?.message],
  ["mail.tlsrpt", {}, (output: Checked) => output.failure?.message],
  ["mail.mtasts", {}, (output: Checked) => output.failure?.message],
])("%s says why the name server gave no answer", async (probe, input, shown) => {
  const edit = (reply: object) => ({ ...reply, rcode: "SERVFAIL", flags: 2, answers: [], authorities: [], additionals: [EXPIRED] });
  const server = await startDnsServer({ zones: ["$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60"], behave: () => ({ edit }) });
  open.push(server);
  const { output } = (await runReport(probe, { domain: "a.example", ...input, resolver: { servers: [...server.servers] } })).envelope;
  expect(shown(output as unknown as Checked)).toMatch(/SERVFAIL\); Signature Expired: last week/);
});

interface Checked {
  readonly problem: string;
  readonly failure: { readonly message: string } | null;
  readonly checks: readonly { readonly message: string }[];
}
