import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Output as Dane } from "../../../probes/mail.dane/schema.js";
import type { Output as Dnssec } from "../../../probes/mail.dnssec/schema.js";
import type { Output } from "../../../probes/mail.posture/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { type SmtpServer, startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { showTlsa } from "../../../runner/tls-policy/dane/tlsa.js";
import { type NameServer, startNsd } from "../../support/nsd.js";
import { realServer } from "../../support/real-servers.js";
import { type SignedZone, signZone, zoneHead } from "../../support/signed-zones.js";
import { tlsaFor } from "../../support/tlsa.js";
import { startUnbound } from "../../support/unbound.js";

const own = selfSigned({ names: ["mx.signed.example"] });
const other = selfSigned({ names: ["mx.signed.example"] });

const folder = mkdtempSync(join(tmpdir(), "probe-run-posture-"));

function recordsFor(port: number): string {
  const tlsa = (name: string, pem: string): string => `_${port}._tcp.${name} TLSA ${showTlsa(tlsaFor(pem, "3 1 1"))}`;
  return [
    "@ MX 10 mx",
    '@ TXT "v=spf1 mx -all"',
    '_dmarc TXT "v=DMARC1; p=reject; np=reject; rua=mailto:dmarc@signed.example"',
    "mx A 127.0.0.1",
    tlsa("mx", own.certificate),
    "wrong MX 10 mx2",
    "mx2 A 127.0.0.1",
    tlsa("mx2", other.certificate),
  ].join("\n");
}

realServer("mail.posture, mail.dane and mail.dnssec, with nsd and a validating unbound", ["nsd", "unbound", "ldns-signzone"], () => {
  let mail: SmtpServer;
  let nsd: NameServer;
  let unbound: NameServer;
  let common: Record<string, unknown>;

  beforeAll(async () => {
    mail = await startSmtpServer({ name: "mx.signed.example", tls: "starttls", certificate: own });
    const records = recordsFor(mail.port);
    const children = childrenOf("parent.example", records);
    const delegations = Object.entries(children).map(([name, { key }]) => [`${name}. NS ns.${name}.`, `ns.${name}. A 127.0.0.1`, key]);
    const signed = {
      "parent.example": signZone(folder, "parent.example", delegations.flat().join("\n")),
      "signed.example": signZone(folder, "signed.example", records),
      "expired.example": signZone(folder, "expired.example", records, { expired: true }),
    };
    const unsigned = join(folder, "unsigned.example");
    writeFileSync(unsigned, `${zoneHead("unsigned.example")}${records}\n`);
    // Questions for the zones' parent would have no answer until their time is over.
    const top = join(folder, "example");
    writeFileSync(top, zoneHead("example"));
    const paths = {
      ...Object.fromEntries([...Object.entries(signed), ...Object.entries(children)].map(([name, { path }]) => [name, path])),
      "unsigned.example": unsigned,
      example: top,
    };
    nsd = await startNsd(paths);
    unbound = await startUnbound(
      Object.keys(paths),
      nsd.port,
      Object.values(signed).map(({ key }) => key),
    );
    common = { resolver: { servers: unbound.servers }, mx_port: mail.port, allow_private_addresses: true };
  });
  afterAll(async () => {
    await Promise.all([mail?.close(), unbound?.stop(), nsd?.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  async function outputOf<Result>(probe: string, input: Record<string, unknown>): Promise<Result> {
    return (await runReport(probe, input)).envelope.output as Result;
  }

  test.each([
    ["signed.example", "secure", "ok"],
    ["wrong.signed.example", "no_match", "error"],
    ["unsigned.example", "insecure", "ok"],
  ])("mail.dane: %s is %s", async (domain, state, status) => {
    const output = await outputOf<Dane>("mail.dane", { domain, ...common });
    expect(output.hosts.map((host) => host.state)).toEqual([state]);
    expect(output.hosts[0]?.starttls).toBe("secured");
    expect(output.status).toBe(status);
  });

  test.each([
    ["signed.example", "signed"],
    ["unsigned.example", "unsigned"],
    ["expired.example", "bogus"],
  ])("mail.dnssec: %s is %s", async (domain, state) => {
    const output = await outputOf<Dnssec>("mail.dnssec", { domain, resolver: common.resolver });
    expect(output.zones[0]).toMatchObject({ name: domain, state });
  });

  test.each([
    ["mx-record.parent.example", ["bogus"]],
    ["address.parent.example", ["signed", "bogus"]],
    ["alias.parent.example", ["signed", "bogus"]],
    ["half.parent.example", ["signed", "signed"]],
    ["odd.parent.example", ["unsigned", "unsigned"]],
    ["costly.parent.example", ["signed", "signed"]],
  ])("mail.dnssec: the domain %s and its mail host are %j", async (domain, states) => {
    const output = await outputOf<Dnssec>("mail.dnssec", { domain, resolver: common.resolver });
    expect(output.zones.map(({ state }) => state)).toEqual(states);
    expect(output.status).toBe(states.includes("bogus") ? "error" : "ok");
  });

  test.each(["address.parent.example", "alias.parent.example"])(
    "mail.dane: the addresses of a mail host of %s are bogus, so that senders do not deliver",
    async (domain) => {
      const output = await outputOf<Dane>("mail.dane", { domain, ...common });
      const { host } = output.hosts[0] as Dane["hosts"][number];
      expect(output.checks).toMatchObject([
        { id: "dane.tlsa", verdict: "error", message: `the addresses of ${host} fail DNSSEC validation: senders do not deliver`, evidence: [{ name: host }] },
      ]);
    },
  );

  test("mail.posture: a domain with bogus MX records is open, although the rest of its zone is valid", async () => {
    const output = await outputOf<Output>("mail.posture", { domain: "mx-record.parent.example", address_lists: [], guess_selectors: false, ...common });
    expect(output.answers.find(({ area }) => area === "receiving")).toMatchObject({ answer: "open" });
    expect(output.checks.filter(({ id }) => id === "dnssec.signed")).toMatchObject([
      { verdict: "error", evidence: [{ type: "MX", outcome: "server_failure" }] },
    ]);
  });

  test("mail.posture: DANE makes senders use TLS, and every question is asked once", async () => {
    const output = await outputOf<Output>("mail.posture", { domain: "signed.example", address_lists: [], guess_selectors: false, ...common });
    expect(output.answers.map(({ area, answer }) => [area, answer])).toContainEqual(["receiving", "protected"]);
    expect(output.mail_hosts).toMatchObject([{ host: "mx.signed.example", starttls: "secured", dane: "secure" }]);
    const asked = output.operations.map(({ name }) => name).filter((name) => /^[A-Z]+ \S+\./.test(name));
    expect(asked.length).toBe(new Set(asked).size);
    expect(output.checks.filter(({ id }) => id === "dnssec.signed")).toMatchObject([{ verdict: "pass", evidence: [{ authenticated: true }] }]);
  });

  test("mail.posture: a domain with expired signatures is open, because resolvers that validate do not find it", async () => {
    const output = await outputOf<Output>("mail.posture", { domain: "expired.example", address_lists: [], guess_selectors: false, ...common });
    expect(output.answers.find(({ area }) => area === "receiving")).toMatchObject({ answer: "open" });
    expect(output.answers.find(({ area }) => area === "spoofing")).toMatchObject({ answer: "unknown" });
  });
});

/** Signed zones, by what is wrong with them. */
function childrenOf(parent: string, records: string): Record<string, SignedZone> {
  const at = (name: string): string => `${name}.${parent}`;
  const odd = signZone(folder, at("odd"), records);
  return {
    // 200 is the number of no algorithm.
    [at("odd")]: { ...odd, key: odd.key.replace(/ DS (\d+) \d+ /, " DS $1 200 ") },
    [at("costly")]: signZone(folder, at("costly"), records, { nsec3: true, iterations: 500 }),
    [at("mx-record")]: signZone(folder, at("mx-record"), records, { tamper: withoutSignature(at("mx-record"), "MX") }),
    [at("address")]: signZone(folder, at("address"), records, { tamper: withoutSignature(`mx.${at("address")}`, "A") }),
    [at("half")]: signZone(folder, at("half"), `${records}\nmx AAAA ::1`, { tamper: withoutSignature(`mx.${at("half")}`, "AAAA") }),
    [at("alias")]: signZone(folder, at("alias"), `@ MX 10 mail\nmail CNAME mx.${at("address")}.`),
  };
}

function withoutSignature(owner: string, type: string): (text: string) => string {
  const isIt = (line: string): boolean => line.startsWith(`${owner}.\t`) && line.includes(`\tRRSIG\t${type} `);
  return (text) =>
    text
      .split("\n")
      .filter((line) => !isIt(line))
      .join("\n");
}
