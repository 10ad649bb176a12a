import { afterEach, describe, expect, test } from "vitest";
import type { Output as BimiOutput } from "../../../probes/mail.bimi/schema.js";
import type { Output as StsOutput } from "../../../probes/mail.mtasts/schema.js";
import type { Output } from "../../../probes/mail.posture/schema.js";
import type { Output as SpfOutput } from "../../../probes/mail.spf/schema.js";
import type { Output as VerifyOutput } from "../../../probes/mail.verify/schema.js";
import { run } from "../../../runner/harness/run.js";
import { type DnsQuestion, type DnsServer, startDnsServer } from "../../../runner/lab/dns-server.js";
import { POLICY_AUTHORITY, policyCertificate, startPolicyHost } from "../../support/policy-host.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

interface Zone extends DnsServer {
  /** "TYPE name", in order. */
  readonly asked: string[];
}

async function serve(...lines: readonly string[]): Promise<Zone> {
  const asked: string[] = [];
  const behave = ({ type, name }: DnsQuestion): undefined => void asked.push(`${type} ${name.toLowerCase()}`);
  const server = await startDnsServer({ zones: [["$ORIGIN example.", "@ SOA ns hostmaster 1 3600 600 86400 60", ...lines, ""].join("\n")], behave });
  open.push(server);
  return Object.assign(server, { asked });
}

function posture(server: DnsServer, more: object = {}): Promise<Output> {
  const input = { domain: "hostile.example", resolver: { servers: server.servers }, connect: false, address_lists: [], guess_selectors: false, ...more };
  return run("mail.posture", input).then(({ output }) => output as Output);
}

const spf = async (server: DnsServer): Promise<SpfOutput> =>
  (await run("mail.spf", { domain: "hostile.example", ip: "192.0.2.1", resolver: { servers: server.servers } })).output as SpfOutput;

describe("what a hostile domain may serve", () => {
  test("SPF records that include each other in a circle end as permerror, each asked once", async () => {
    const server = await serve(
      'hostile TXT "v=spf1 include:a.hostile.example -all"',
      'a.hostile TXT "v=spf1 include:b.hostile.example -all"',
      'b.hostile TXT "v=spf1 include:a.hostile.example redirect=hostile.example"',
    );
    expect(await spf(server)).toMatchObject({ result: "permerror" });
    const output = await posture(server);
    expect(output.checks.find(({ id }) => id === "spf.include")).toMatchObject({ verdict: "error" });
    const texts = server.asked.filter((question) => question === "TXT a.hostile.example");
    // Once for each of the two probes, whose answers may be in one cache.
    expect(texts.length).toBeLessThanOrEqual(2);
  });

  test("a record that redirects to itself ends as permerror", async () => {
    expect(await spf(await serve('hostile TXT "v=spf1 redirect=hostile.example"'))).toMatchObject({ result: "permerror" });
  });

  test("ten thousand strings of TXT at a name are bounded in what is judged and shown", async () => {
    // A DNS message holds 65,535 bytes: so many records, or one record of ten thousand strings.
    const server = await serve(...Array.from({ length: 1500 }, (_, index) => `_dmarc.hostile TXT "${index}"`), `hostile TXT ${'"x" '.repeat(10_000)}`);
    const output = await posture(server);
    expect(output.failure).toBeNull();
    expect(JSON.stringify(output).length).toBeLessThan(300_000);
    expect(output.checks.find(({ id }) => id === "dmarc.record")?.verdict).not.toBe("pass");
  });

  test("CNAME chains: a long one and a circle give no answer, which is unknown and not none", async () => {
    const chain = Array.from({ length: 200 }, (_, index) => `c${index} CNAME c${index + 1}.example.`);
    const server = await serve(
      ...chain,
      'c200 TXT "v=spf1 -all"',
      "hostile CNAME c0.example.",
      "_dmarc.hostile CNAME loop.example.",
      "loop CNAME pool.example.",
      "pool CNAME loop.example.",
    );
    const output = await posture(server);
    expect(output.questions).toBeLessThan(120);
    expect(server.asked.length).toBeLessThan(600);
    expect(output.checks.find(({ id }) => id === "dmarc.record")?.verdict).toBe("unknown");
  });

  test("a policy of MTA-STS without an end is read up to 64 KB", async () => {
    let written = 0;
    const host = await startPolicyHost({
      certificate: policyCertificate("mta-sts.hostile.example"),
      answer: (_request, response) => {
        response.writeHead(200, { "content-type": "text/plain", "content-length": String(1024 ** 3) });
        const chunk = Buffer.alloc(64 * 1024, "mx: a.example\n");
        const more = (): void => {
          while (!response.destroyed && written < 1024 ** 3) {
            written += chunk.length;
            if (!response.write(chunk)) return;
          }
        };
        response.on("drain", more);
        more();
      },
    });
    open.push(host);
    const server = await serve(
      '_mta-sts.hostile TXT "v=STSv1; id=1;"',
      "mta-sts.hostile A 127.0.0.1",
      "hostile MX 10 mx.hostile.example.",
      "mx.hostile A 192.0.2.1",
    );
    const { output } = await run("mail.mtasts", {
      domain: "hostile.example",
      resolver: { servers: server.servers },
      policy_port: host.port,
      ca: POLICY_AUTHORITY,
      allow_private_addresses: true,
    });
    expect((output as StsOutput).policy).toMatchObject({ state: "invalid" });
    // Some megabytes lie in the buffers of two sockets.
    expect(written).toBeLessThan(64 * 1024 * 1024);
  });

  test.each([
    [
      "scripts",
      '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 1 1"><title>x</title><script>fetch("https://evil.example/")</script></svg>',
    ],
    [
      "entities",
      '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 1 1"><title>&b;&c;</title></svg>',
    ],
    [
      "an image elsewhere",
      '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.2" baseProfile="tiny-ps" viewBox="0 0 1 1"><title>x</title><image xlink:href="https://evil.example/a.png"/></svg>',
    ],
  ])("a logo with %s is no Tiny PS, and leads to no request", async (_title, svg) => {
    const host = await startPolicyHost({
      certificate: policyCertificate("logo.hostile.example"),
      answer: (_request, response) => void response.writeHead(200, { "content-type": "image/svg+xml" }).end(svg),
    });
    open.push(host);
    const server = await serve(
      'hostile TXT "v=spf1 -all"',
      '_dmarc.hostile TXT "v=DMARC1; p=reject"',
      `default._bimi.hostile TXT "v=BIMI1; l=https://logo.hostile.example:${host.port}/logo.svg; a="`,
      "logo.hostile A 127.0.0.1",
    );
    const { output } = await run("mail.bimi", {
      domain: "hostile.example",
      resolver: { servers: server.servers },
      ca: POLICY_AUTHORITY,
      allow_private_addresses: true,
    });
    expect((output as BimiOutput).logo).toMatchObject({ is_tiny_ps: false });
    expect(host.requests).toEqual([`logo.hostile.example:${host.port} /logo.svg`]);
    expect(server.asked.filter((question) => question.includes("evil"))).toEqual([]);
    expect(JSON.stringify(output)).not.toContain("root:");
  });

  test("no question and no connection beyond what was asked: only names of the domain and of what its records name", async () => {
    const server = await serve(
      'hostile TXT "v=spf1 include:spf.other.example -all"',
      'spf.other TXT "v=spf1 ip4:192.0.2.1 -all"',
      "hostile MX 10 mx.hostile.example.",
      "mx.hostile A 192.0.2.1",
      '_dmarc.hostile TXT "v=DMARC1; p=reject; rua=mailto:a@reports.example"',
      'default._bimi.hostile TXT "v=BIMI1; l=https://evil.example/logo.svg; a=https://evil.example/mark.pem"',
    );
    const output = await posture(server);
    const isNamed = (question: string): boolean => /(?:hostile|spf\.other|reports)\.example$|in-addr\.arpa$| (?:_dmarc\.)?example$/.test(question);
    expect(server.asked.filter((question) => !isNamed(question))).toEqual([]);
    expect(output.operations.filter(({ name }) => /connect|GET/.test(name))).toEqual([]);
  });
});

describe("what a hostile message may hold", () => {
  const verify = async (message: string): Promise<VerifyOutput> => {
    const server = await serve('hostile TXT "v=spf1 -all"');
    const begin = process.cpuUsage();
    const { output } = await run("mail.verify", {
      message,
      ip: "192.0.2.1",
      mail_from: "a@hostile.example",
      helo_domain: "a.example",
      resolver: { servers: server.servers },
    });
    expect(process.cpuUsage(begin).user / 1000).toBeLessThan(5000);
    expect(server.asked.length).toBeLessThan(40);
    return output as VerifyOutput;
  };
  const signature = (index: number): string =>
    `DKIM-Signature: v=1; a=rsa-sha256; d=d${index}.example; s=s; h=from; bh=${"A".repeat(43)}=; b=${"A".repeat(340)}\r\n`;

  test("ten thousand signatures: at most ten are verified, and the header is said to be cut", async () => {
    const output = await verify(`${Array.from({ length: 10_000 }, (_, index) => signature(index)).join("")}From: a@hostile.example\r\n\r\nHello.\r\n`);
    expect(output.dkim.length).toBeLessThanOrEqual(10);
    expect(output.status).not.toBe("ok");
  });

  test("ten thousand fields, and ten thousand From", async () => {
    const fields = await verify(`From: a@hostile.example\r\n${"X-Field: 1\r\n".repeat(10_000)}\r\nHello.\r\n`);
    expect(fields.from_domains).toEqual(["hostile.example"]);
    const froms = await verify(`${Array.from({ length: 10_000 }, (_, index) => `From: a@d${index}.example\r\n`).join("")}\r\nHello.\r\n`);
    expect(froms.dmarc.result).toBe("permerror");
  });
});
