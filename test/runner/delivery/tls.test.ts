import { describe, expect, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import type { Certificate } from "../../../runner/net/transport/listen.js";
import { closeAfterEach, closing, internet, mail, only, service } from "../../support/delivery.js";
import type { FakeInternet, MxBehaviour } from "../../support/fake-internet.js";
import { POLICY_AUTHORITY, type PolicyHostOptions, policyCertificate, startPolicyHost } from "../../support/policy-host.js";
import { tlsaLine } from "../../support/signed-names.js";
import { tlsaFor } from "../../support/tlsa.js";

closeAfterEach();

const OWN = selfSigned({ names: ["mx.example"] });
const OTHER = selfSigned({ names: ["mx.example"] });
const TRUSTED = policyCertificate("mx.example");

describe("DANE", () => {
  /** The records stand at the port that is dialled, which is known only when the hosts listen. */
  async function signed(behaviour: MxBehaviour, certificate: Certificate): Promise<FakeInternet> {
    const probe = await internet("", { mx: ["127.0.0.11", behaviour] });
    const line = tlsaLine(`_${probe.port}._tcp.mx.example`, tlsaFor(certificate.certificate, "3 1 1"));
    const names = await internet(`one MX 10 mx\n${line}`, { mx: ["127.0.0.11", null] }, { authenticated: true });
    return { ...probe, servers: names.servers, host: (name) => probe.host(name) };
  }

  test("applies if the name servers authenticate it: a certificate of no known authority is accepted", async () => {
    const report = await service(await signed({ tls: "good", certificate: OWN }, OWN)).send(mail("bob@one.example"));
    expect(only(report).outcome).toBe("delivered");
    expect(report.attempts[0]).toMatchObject({ tls: "secured", tls_policy: "dane", tls_result: null });
  });

  test.each<[string, MxBehaviour, string, string]>([
    ["another certificate", { tls: "good", certificate: OTHER }, "certificate", "validation-failure"],
    ["no STARTTLS", {}, "STARTTLS", "starttls-not-supported"],
    ["a STARTTLS that is refused", { tls: "refused" }, "", "starttls-not-supported"],
    ["a TLS that breaks", { tls: "broken" }, "", "validation-failure"],
  ])("with %s nothing is sent, and the message is retried later", async (_, behaviour, words, result) => {
    const world = await signed(behaviour, OWN);
    const report = await service(world).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "failed", class: "tls", next: "may_be_tried", message: expect.stringContaining(words) });
    expect(report.attempts[0]).toMatchObject({ tls_policy: "dane", tls_result: result });
    expect(world.host("mx").messages).toEqual([]);
  });

  test("is ignored if it is switched off", async () => {
    const report = await service(await signed({}, OWN), { tls: { dane: "off" } }).send(mail("bob@one.example"));
    expect(only(report).outcome).toBe("delivered");
    expect(report.attempts[0]).toMatchObject({ tls_policy: "opportunistic" });
  });
});

describe("MTA-STS", () => {
  async function published(mode: "enforce" | "testing", behaviour: MxBehaviour, mx = "mx.example") {
    const host = closing(await startPolicyHost({ certificate: policyCertificate("mta-sts.one.example") }));
    host.policy = `version: STSv1\nmode: ${mode}\nmx: ${mx}\nmax_age: 86400\n`;
    const net = await internet('one MX 10 mx\n_mta-sts.one TXT "v=STSv1; id=1"\nmta-sts.one A 127.0.0.1', { mx: ["127.0.0.11", behaviour] });
    return { net, delivery: service(net, { tls: { policy_port: host.port, ca: POLICY_AUTHORITY } }) };
  }

  test("in mode enforce is followed", async () => {
    const { delivery } = await published("enforce", { tls: "good", certificate: TRUSTED });
    const report = await delivery.send(mail("bob@one.example"));
    expect(only(report).outcome).toBe("delivered");
    expect(report.attempts[0]).toMatchObject({ tls: "secured", tls_policy: "mta_sts", tls_result: null });
  });

  test.each<[string, MxBehaviour, string, string | undefined]>([
    ["a certificate that is not trusted", { tls: "good", certificate: OWN }, "certificate-not-trusted", undefined],
    ["a certificate for another name", { tls: "good", certificate: policyCertificate("other.example") }, "certificate-host-mismatch", undefined],
    ["no STARTTLS", {}, "starttls-not-supported", undefined],
    ["a STARTTLS that is refused", { tls: "refused" }, "starttls-not-supported", undefined],
    ["a TLS that breaks", { tls: "broken" }, "validation-failure", undefined],
    ["a host that it does not name", { tls: "good", certificate: TRUSTED }, "validation-failure", "other.example"],
  ])("in mode enforce the message is not sent to %s", async (_, behaviour, result, mx) => {
    const { net, delivery } = await published("enforce", behaviour, mx);
    const report = await delivery.send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "failed", class: "tls", next: "may_be_tried" });
    expect(report.attempts.map(({ tls_policy: policy, tls_result: type }) => [policy, type])).toEqual([["mta_sts", result]]);
    expect(net.host("mx").messages).toEqual([]);
  });

  test("in mode testing a violation is reported, and the message is delivered", async () => {
    const { delivery } = await published("testing", { tls: "good", certificate: OWN });
    const report = await delivery.send(mail("bob@one.example"));
    expect(only(report).outcome).toBe("delivered");
    expect(report.attempts[0]).toMatchObject({ tls: "secured", tls_result: "certificate-not-trusted" });
  });

  test.each<[string, PolicyHostOptions, string]>([
    ["that is not there", { answer: (_, response) => void response.writeHead(404).end() }, "sts-policy-fetch-error"],
    ["that is no policy", { policy: "hello" }, "sts-policy-invalid"],
    ["of a host with another certificate", { certificate: policyCertificate("elsewhere.example") }, "sts-webpki-invalid"],
  ])("a policy file %s is reported, and the message is delivered", async (_, options, result) => {
    const host = closing(await startPolicyHost({ certificate: policyCertificate("mta-sts.one.example"), ...options }));
    const net = await internet('one MX 10 mx\n_mta-sts.one TXT "v=STSv1; id=1"\nmta-sts.one A 127.0.0.1', {
      mx: ["127.0.0.11", { tls: "good", certificate: OWN }],
    });
    const report = await service(net, { tls: { policy_port: host.port, ca: POLICY_AUTHORITY } }).send(mail("bob@one.example"));
    expect(only(report).outcome).toBe("delivered");
    expect(report.attempts[0]).toMatchObject({ tls: "secured", tls_policy: "opportunistic", tls_result: result });
  });

  test("of one domain does not apply to another at the same hosts, and neither uses the other's session", async () => {
    const { net, delivery } = await published("enforce", { tls: "good", certificate: OWN });
    expect(only(await delivery.send(mail("bob@mx.example"))).outcome).toBe("delivered");
    expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("failed");
    expect(net.host("mx").messages).toHaveLength(1);
  });
});

describe("failed DNSSEC validation", () => {
  test("is reported for a host that is not dialled", async () => {
    const behave = ({ type }: { type: string }) => (type === "TLSA" ? { rcode: 2 } : undefined);
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", { tls: "good", certificate: OWN }] }, { authenticated: true, behave });
    const report = await service(net).send(mail("bob@one.example"));
    expect(only(report)).toMatchObject({ outcome: "failed", next: "may_be_tried" });
    expect(report.attempts[0]).toMatchObject({ outcome: "not_connected", tls_policy: "dane", tls_result: "dnssec-invalid" });
  });
});

describe("min_version", () => {
  const OLD: MxBehaviour = { tls: "good", certificate: OWN, maxTlsVersion: "TLSv1.2" };

  test("applies without a policy, too: an older TLS version is not used, and the message is sent in plain text", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", OLD] });
    const report = await service(net, { tls: { min_version: "TLSv1.3" } }).send(mail("bob@one.example"));
    expect(only(report).outcome).toBe("delivered");
    expect(report.attempts[0]).toMatchObject({ tls: "failed", tls_version: null });
    expect(net.host("mx").messages.map(({ isSecure }) => isSecure)).toEqual([false]);
  });

  test("without it, any version is accepted", async () => {
    const net = await internet("one MX 10 mx", { mx: ["127.0.0.11", OLD] });
    expect((await service(net).send(mail("bob@one.example"))).attempts[0]).toMatchObject({ tls: "secured", tls_version: "TLSv1.2" });
  });
});

test("TLS-Required: No overrides a policy, and REQUIRETLS overrides TLS-Required: No", async () => {
  const host = closing(await startPolicyHost({ certificate: policyCertificate("mta-sts.one.example") }));
  host.policy = "version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 86400\n";
  const zone = 'one MX 10 mx\n_mta-sts.one TXT "v=STSv1; id=1"\nmta-sts.one A 127.0.0.1';
  const net = await internet(zone, { mx: ["127.0.0.11", { tls: "good", certificate: OWN }] });
  const delivery = service(net, { tls: { policy_port: host.port, ca: POLICY_AUTHORITY } });
  const message = "From: ada@sender.example\r\nTLS-Required: No\r\n\r\nHello.\r\n";
  expect(only(await delivery.send(mail("bob@one.example"))).outcome).toBe("failed");
  expect(only(await delivery.send(mail("bob@one.example", { message }))).outcome).toBe("delivered");
  expect(only(await delivery.send(mail("bob@one.example", { message, requiretls: true }))).outcome).not.toBe("delivered");
});

describe("REQUIRETLS", () => {
  const CAPABLE = ["PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES", "REQUIRETLS"];

  async function world(behaviour: MxBehaviour) {
    const host = closing(await startPolicyHost({ certificate: policyCertificate("mta-sts.one.example") }));
    host.policy = "version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 86400\n";
    const net = await internet('one MX 10 mx\n_mta-sts.one TXT "v=STSv1; id=1"\nmta-sts.one A 127.0.0.1', { mx: ["127.0.0.11", behaviour] });
    return { net, delivery: service(net, { tls: { policy_port: host.port, ca: POLICY_AUTHORITY } }) };
  }

  test("is sent with MAIL inside TLS to a host that offers it", async () => {
    const { net, delivery } = await world({ tls: "good", certificate: TRUSTED, capabilities: CAPABLE });
    expect(only(await delivery.send(mail("bob@one.example", { requiretls: true }))).outcome).toBe("delivered");
    expect(net.host("mx").connections[0]?.find((line) => line.startsWith("MAIL"))).toMatch(/ REQUIRETLS$/);
  });

  test("stops delivery to a host that does not offer it", async () => {
    const { net, delivery } = await world({ tls: "good", certificate: TRUSTED });
    expect(only(await delivery.send(mail("bob@one.example", { requiretls: true })))).toMatchObject({
      outcome: "bounced",
      class: "tls",
      enhanced_code: "5.7.30",
    });
    expect(net.host("mx").messages).toEqual([]);
  });
});
