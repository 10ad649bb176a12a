import { afterEach, describe, expect, test } from "vitest";
import { runReport } from "../../runner/harness/run.js";
import { startDnsServer } from "../../runner/lab/dns-server.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

/** As a resolver that validates answers for a zone whose signatures have expired (RFC 8914, section 4.8). */
const EXPIRED = { type: "OPT" as const, name: ".", udpPayloadSize: 1232, options: [{ code: 15, data: Buffer.from("\0\x07last week") }] };

test.each([
  ["mail.mx", {}, (output: Checked) => output.failure?.message],
  ["mail.dane", {}, (output: Checked) => output.failure?.message],
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

describe("a name server says why there is no mail host", () => {
  const ZONE = "$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60\na MX 10 mx\nmx A 192.0.2.1";
  const option = (code: number, text: string) => ({ ...EXPIRED, options: [{ code: 15, data: Buffer.from(`\0${String.fromCharCode(code)}${text}`) }] });
  const failing = (reply: object) => ({ ...reply, rcode: "SERVFAIL", flags: 2, answers: [], authorities: [], additionals: [EXPIRED] });
  const blocking = (reply: object) => ({ ...reply, rcode: "NXDOMAIN", flags: 3, answers: [], additionals: [option(15, "by policy")] });

  async function messages(edit: (reply: object) => object, types: readonly string[]): Promise<(string | undefined)[]> {
    const server = await startDnsServer({ zones: [ZONE], behave: ({ type }) => (types.includes(type) ? { edit } : {}) });
    open.push(server);
    const resolver = { servers: [...server.servers] };
    const outputOf = async (probe: string, input: object): Promise<Checked> =>
      (await runReport(probe, { ...input, resolver })).envelope.output as unknown as Checked;
    const sent = { mail_from: "a@sender.example", recipients: ["b@a.example"], message: "Subject: x\r\n\r\nx\r\n" };
    return [
      (await outputOf("mail.mx", { domain: "a.example" })).failure?.message,
      (await outputOf("mail.deliver", sent)).recipients[0]?.message,
      (await outputOf("mail.rcpt", { email: "b@a.example" })).failure?.message,
    ];
  }

  test.each<[string, (reply: object) => object, readonly string[], RegExp]>([
    ["MX records whose signatures have expired", failing, ["MX"], /MX a\.example: .*SERVFAIL\); Signature Expired: last week$/],
    ["a domain that a filter denies", blocking, ["MX"], /MX a\.example: the name does not exist; Blocked: by policy$/],
    ["addresses of the mail host", failing, ["A", "AAAA"], /the addresses of mx\.example: .*SERVFAIL\); Signature Expired: last week$/],
  ])("%s: mail.mx, mail.deliver and mail.rcpt repeat it", async (_, edit, types, shown) => {
    expect(await messages(edit, types)).toEqual([shown, shown, shown].map((each) => expect.stringMatching(each)));
  });
});

interface Checked {
  readonly recipients: readonly { readonly message: string }[];
  readonly problem: string;
  readonly failure: { readonly message: string } | null;
  readonly checks: readonly { readonly message: string }[];
}
