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
import { signZone, zoneHead } from "../../support/signed-zones.js";
import { tlsaFor } from "../../support/tlsa.js";
import { startUnbound } from "../../support/unbound.js";

const own = selfSigned({ names: ["mx.signed.example"] });
const other = selfSigned({ names: ["mx.signed.example"] });

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
  const folder = mkdtempSync(join(tmpdir(), "probe-run-posture-"));
  let mail: SmtpServer;
  let nsd: NameServer;
  let unbound: NameServer;
  let common: Record<string, unknown>;

  beforeAll(async () => {
    mail = await startSmtpServer({ name: "mx.signed.example", tls: "starttls", certificate: own });
    const records = recordsFor(mail.port);
    const signed = {
      "signed.example": signZone(folder, "signed.example", records),
      "expired.example": signZone(folder, "expired.example", records, { expired: true }),
    };
    const unsigned = join(folder, "unsigned.example");
    writeFileSync(unsigned, `${zoneHead("unsigned.example")}${records}\n`);
    const paths = { "signed.example": signed["signed.example"].path, "expired.example": signed["expired.example"].path, "unsigned.example": unsigned };
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
