import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { fillRoute, unknownRoute } from "../../../runner/net/dns/mail-route.js";
import { seededRandom } from "../../../runner/net/dns/shuffle.js";
import { hello, starttls } from "../../../runner/net/smtp/commands.js";
import { SmtpSession } from "../../../runner/net/smtp/session.js";
import { showTlsa } from "../../../runner/tls-policy/dane/tlsa.js";
import { judgeTls, tlsSessionOf } from "../../../runner/tls-policy/judge.js";
import type { HostTls, PolicySources } from "../../../runner/tls-policy/policy.js";
import { openPolicySources } from "../../../runner/tls-policy/policy-sources.js";
import { tlsPolicyOf } from "../../../runner/tls-policy/tls-policy-of.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { type SignedZone, type Signing, signZone, zoneHead } from "../../support/signed-zones.js";
import { testRun } from "../../support/smtp-context.js";
import { tlsaFor } from "../../support/tlsa.js";
import { startUnbound } from "../../support/unbound.js";

const authority = selfSigned({ names: ["An authority of its own"], authority: true });
const own = selfSigned({ names: ["mx.signed.example"], issuer: authority });
const RECORD = showTlsa(tlsaFor(own.certificate, "3 1 1"));
const PLAIN = `@ MX 10 mx\nmx A 127.0.0.1\n_25._tcp.mx TLSA ${RECORD}`;

const SIGNED = [
  PLAIN,
  "_25._tcp.pinned TLSA 2 0 1 PINNED",
  "pinned A 127.0.0.1\npinned AAAA ::1",
  "ta MX 10 pinned",
  "bare A 127.0.0.1\nwithout MX 10 bare",
  "unusable A 127.0.0.1\n_25._tcp.unusable TLSA 1 1 1 PINNED\nold MX 10 unusable",
  `implicit A 127.0.0.1\n_25._tcp.implicit TLSA ${RECORD}`,
  "alias CNAME mx\nby-alias MX 10 alias",
  `away CNAME mx.unsigned.example.\n_25._tcp.away TLSA ${RECORD}\nby-away MX 10 away`,
  "elsewhere MX 10 mx.unsigned.example.",
  "broken MX 10 mx.tampered.example.",
  "gone MX 10 mx.expired.example.",
  "denied MX 10 none.hashed.example.",
  "both MX 10 mx\nboth MX 20 mx.tampered.example.\nboth MX 30 mx.unsigned.example.",
]
  .join("\n")
  .replaceAll("2 0 1 PINNED", showTlsa(tlsaFor(authority.certificate, "2 0 1")))
  .replaceAll("1 1 1 PINNED", showTlsa({ ...tlsaFor(own.certificate, "3 1 1"), usage: 1 }));

/** Replaces the signed record by another. */
const otherTlsa = (text: string): string => text.replace(/(\tTLSA\t3 1 1 )[0-9a-f]{64}/, `$1${"0".repeat(64)}`);

realServer("TLS policies, with nsd and a validating unbound", ["nsd", "unbound", "ldns-signzone"], () => {
  const folder = mkdtempSync(join(tmpdir(), "probe-run-zones-"));
  let nsd: NameServer;
  let unbound: NameServer;
  let means: PolicySources;

  beforeAll(async () => {
    const sign = (name: string, records: string, how?: Signing): [string, SignedZone] => [name, signZone(folder, name, records, how)];
    const signed = [
      sign("signed.example", SIGNED),
      sign("tampered.example", PLAIN, { tamper: otherTlsa }),
      sign("expired.example", PLAIN, { expired: true }),
      sign("hashed.example", `none A 127.0.0.1\n${PLAIN}`, { nsec3: true }),
    ];
    const unsigned = join(folder, "unsigned.example");
    writeFileSync(unsigned, `${zoneHead("unsigned.example")}${PLAIN}\n`);
    const zones = { ...Object.fromEntries(signed.map(([name, { path }]) => [name, path])), "unsigned.example": unsigned };
    nsd = await startNsd(zones);
    unbound = await startUnbound(
      Object.keys(zones),
      nsd.port,
      signed.map(([, { key }]) => key),
    );
    means = openPolicySources({ servers: unbound.servers, validates: true, file: null });
  });
  afterAll(async () => {
    means?.close();
    await Promise.all([unbound?.stop(), nsd?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  /** The rules of a domain's hosts, with the route as it is found by the same resolver. */
  async function rulesOf(domain: string): Promise<readonly HostTls[]> {
    const route = unknownRoute(domain);
    await fillRoute((name, type) => means.ask(name, type), route, { family: "any", allowPrivate: true, random: seededRandom(1) });
    return (await tlsPolicyOf(route, means)).hosts;
  }

  async function ruleOf(domain: string): Promise<HostTls> {
    return (await rulesOf(domain))[0] as HostTls;
  }

  test.each([
    ["usage 3 in a signed zone", "signed.example", { level: "dane", servername: "mx.signed.example", outcome: "use" }],
    ["usage 2, with addresses of both families", "ta.signed.example", { level: "dane", referenceNames: ["pinned.signed.example", "ta.signed.example"] }],
    [
      "point 42: a name below which it is signed that there is nothing (NSEC)",
      "without.signed.example",
      { level: "may", source: "opportunistic", outcome: "use" },
    ],
    ["the same by NSEC3", "denied.signed.example", { level: "may", source: "opportunistic", outcome: "use" }],
    ["a zone that is denied by NSEC3", "hashed.example", { level: "dane", servername: "mx.hashed.example" }],
    ["point 44: records that cannot be used", "old.signed.example", { level: "encrypt", source: "dane", outcome: "use" }],
    ["point 46: no MX records, which is signed", "implicit.signed.example", { level: "dane", servername: "implicit.signed.example" }],
    ["point 43: an alias, the records at its target", "by-alias.signed.example", { level: "dane", servername: "mx.signed.example" }],
    ["point 43: an alias that leads to what is not signed", "by-away.signed.example", { level: "dane", servername: "away.signed.example" }],
    ["point 41: a zone that is not signed", "unsigned.example", { level: "may", source: "opportunistic", outcome: "use" }],
    ["point 41: signed MX records that name a host which is not", "elsewhere.signed.example", { level: "may", source: "opportunistic", outcome: "use" }],
    ["point 42: TLSA records that were changed", "broken.signed.example", { outcome: "defer", level: "dane" }],
    ["point 42: a host whose signatures have expired", "gone.signed.example", { outcome: "defer", level: "dane" }],
  ])("%s", async (_what, domain, expected) => {
    expect(await ruleOf(domain)).toMatchObject(expected);
  });

  test("each host has its own records", async () => {
    expect((await rulesOf("both.signed.example")).map(({ host, outcome, level }) => [host, outcome, level])).toEqual([
      ["mx.signed.example", "use", "dane"],
      ["mx.tampered.example", "defer", "dane"],
      ["mx.unsigned.example", "use", "may"],
    ]);
  });

  test("a resolver that does not validate gives no DANE, and no delay", async () => {
    const plain = await startUnbound(["signed.example", "tampered.example"], nsd.port);
    try {
      const route = { ascii_domain: "signed.example", kind: "mx", hosts: [{ host: "mx.signed.example" }] } as const;
      const { hosts } = await tlsPolicyOf(route, openPolicySources({ servers: plain.servers, validates: true, file: null }));
      expect(hosts).toMatchObject([{ outcome: "use", level: "may" }]);
    } finally {
      await plain.stop();
    }
  });

  test("the cache stores whether an answer was authenticated", async () => {
    await means.ask("mx.signed.example", "A");
    expect(await means.ask("mx.signed.example", "A")).toMatchObject({ fromCache: true, authenticated: true });
  });

  const TRANSCRIPT = [
    "S: 220 mx.signed.example ESMTP",
    "C: EHLO probe.example.org",
    "S: 250-mx.signed.example",
    "S: 250 STARTTLS",
    "C: STARTTLS",
    "S: 220 go ahead",
    "@starttls own",
    "@expect-close",
  ];

  test.each([
    ["the certificate that was published", own, [true, null]],
    ["another one of the same name and authority", selfSigned({ names: ["mx.signed.example"], issuer: authority }), [false, "validation-failure"]],
  ])("an SMTP host with %s", async (_what, shown, expected) => {
    const rule = await ruleOf("signed.example");
    const peer = await playTranscript(TRANSCRIPT.join("\n"), { certificates: { own: shown } });
    const run = testRun();
    try {
      const target = { host: peer.host, port: peer.port, address_family: "any", connect_timeout_ms: 2000, command_timeout_ms: 2000 } as const;
      const session = await SmtpSession.connect(run.context, target);
      await session.greet();
      await hello(session, "probe.example.org");
      await starttls(session, { host: rule.servername, min_version: rule.minVersion });
      const { satisfied, result } = judgeTls(rule, tlsSessionOf(session.connection));
      expect([satisfied, result.result_type]).toEqual(expected);
      session.close();
    } finally {
      run.state.deadline.release();
      await peer.close();
    }
    expect(peer.mismatches).toEqual([]);
  });
});
