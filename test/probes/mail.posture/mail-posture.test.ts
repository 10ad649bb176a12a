import { afterEach, describe, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.posture/schema.js";
import { accept } from "../../../runner/harness/accept.js";
import { labOf, loadDefinition } from "../../../runner/harness/registry.js";
import { runReport } from "../../../runner/harness/run.js";
import { parseAsked } from "../../../runner/harness/version.js";
import { type DnsServerOptions, startDnsServer } from "../../../runner/lab/dns-server.js";
import { RSA_PUBLIC_KEYS } from "../../../runner/lab/rsa-public-keys.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function ofLab(name: string, input: Record<string, unknown> = {}): Promise<Output> {
  const lab = await (await labOf("mail.posture"))?.start(() => 0);
  if (lab === undefined) throw new Error("mail.posture has no lab");
  open.push(lab);
  const server = lab.servers.find((each) => each.name === name);
  return (await runReport("mail.posture", { ...server?.input, ...input })).envelope.output as Output;
}

/** A domain that sends from an address with a name, and whose mail host is not contacted. */
async function ofGood(behave: DnsServerOptions["behave"] & {}): Promise<Output> {
  const zone = [
    "$ORIGIN example.",
    "@ SOA ns hostmaster 1 3600 600 86400 60",
    "own MX 10 mx.own",
    "mx.own A 127.0.0.1",
    'own TXT "v=spf1 ip4:127.0.0.1 -all"',
    '_dmarc.own TXT "v=DMARC1; p=reject; np=reject; rua=mailto:d@own.example"',
    `s1._domainkey.own TXT ${strings(`v=DKIM1; p=${RSA_PUBLIC_KEYS[2048]}`)}`,
  ].join("\n");
  const reverse = "$ORIGIN 0.0.127.in-addr.arpa.\n@ SOA ns.example. hostmaster.example. 1 3600 600 86400 60\n1 PTR mx.own.example.";
  const server = await startDnsServer({ zones: [zone, reverse], behave });
  open.push(server);
  const common = { address_lists: [], guess_selectors: false, connect: false, allow_private_addresses: true };
  const input = { domain: "own.example", selectors: ["s1"], sending_addresses: ["127.0.0.1"], ...common, resolver: { servers: [...server.servers] } };
  return (await runReport("mail.posture", input)).envelope.output as Output;
}

const answersOf = ({ answers }: Output): Record<string, string> => Object.fromEntries(answers.map(({ area, answer }) => [area, answer]));

describe("mail.posture", () => {
  test("a domain that is set up right is protected three times", async () => {
    const output = await ofLab("good");
    expect(answersOf(output)).toEqual({ spoofing: "protected", arrival: "protected", receiving: "protected" });
    expect(output).toMatchObject({ status: "ok", profile: "both", changes: [], mail_hosts: [{ starttls: "secured", is_trusted: true, mta_sts: true }] });
    expect(output.findings).toEqual([]);
  });

  test("what is wrong is said with the record to publish instead, and what to wait for", async () => {
    const output = await ofLab("open");
    expect(answersOf(output)).toEqual({ spoofing: "partly", arrival: "protected", receiving: "open" });
    expect(output.status).toBe("error");
    expect(output.changes[0]).toMatchObject({
      name: "_dmarc.open.example",
      old: "v=DMARC1; p=none; rua=mailto:dmarc@open.example",
      new: "v=DMARC1; p=quarantine; np=reject; rua=mailto:dmarc@open.example",
    });
    expect(output.changes[0]?.wait_for).toMatch(/30 days/);
  });

  test("a parked domain needs neither DKIM nor TLS", async () => {
    const output = await ofLab("parked");
    expect(output).toMatchObject({ profile: "parked", status: "ok" });
    expect(answersOf(output)).toEqual({ spoofing: "protected", arrival: "protected", receiving: "protected" });
  });

  test("where nothing is answered nothing is good, bad or advised", async () => {
    const output = await ofLab("silent");
    expect(answersOf(output)).toEqual({ spoofing: "unknown", arrival: "unknown", receiving: "unknown" });
    expect(output).toMatchObject({ failure: { phase: "resolve", code: "dns_failure" }, changes: [], findings: [] });
    expect(new Set(output.checks.map(({ verdict }) => verdict))).toEqual(new Set(["unknown"]));
  });

  test("without an answer at the selector that was given, it is not known whether mail arrives", async () => {
    const failing = await ofGood(({ name }) => (name.startsWith("s1._domainkey") ? { rcode: 2 } : undefined));
    expect(answersOf(failing)).toMatchObject({ spoofing: "protected", arrival: "unknown" });
    expect(failing.answers.find(({ area }) => area === "arrival")?.message).toMatch(/^s1: no answer \(.*SERVFAIL\)\)/);
    expect(answersOf(await ofGood(() => undefined))).toMatchObject({ arrival: "protected" });
  });

  test("a run that is cut short answers nothing, and takes two minutes at most", async () => {
    const server = await startDnsServer({ zones: ["$ORIGIN example.\n@ SOA ns hostmaster 1 3600 600 86400 60"], behave: () => ({ drop: true }) });
    open.push(server);
    const input = { domain: "mute.example", address_lists: [], resolver: { servers: [...server.servers] } };
    const output = (await runReport("mail.posture", { ...input, timeout_ms: 300 })).envelope.output as Output;
    expect(answersOf(output)).toEqual({ spoofing: "unknown", arrival: "unknown", receiving: "unknown" });
    expect(output).toMatchObject({ status: "error", failure: { code: "timeout" }, checks: [], changes: [] });
    const asked = parseAsked("mail.posture");
    expect(accept(await loadDefinition(asked.name), asked, input).filled.timeout_ms).toBe(120_000);
  });

  test("without connecting, the TLS of the mail hosts is not judged", async () => {
    const output = await ofLab("open", { connect: false });
    expect(output.checks.filter(({ id }) => id === "tls.starttls")).toEqual([]);
    expect(output.mail_hosts).toMatchObject([{ starttls: null, tls_version: null }]);
    expect(output.operations.some(({ name }) => name === "connect")).toBe(false);
  });

  test("an SPF record that fans out and thousands of strings are bounded", async () => {
    const fan = Array.from({ length: 40 }, (_, index) => `include:f${index}.hostile.example`);
    const zone = [
      "$ORIGIN example.",
      "@ SOA ns hostmaster 1 3600 600 86400 60",
      `hostile TXT ${strings(`v=spf1 ${fan.join(" ")} -all`)}`,
      ...fan.map((_, index) => `f${index}.hostile TXT ${strings(`v=spf1 ${fan.map((term) => term.replace(".hostile", `-${index}.hostile`)).join(" ")} -all`)}`),
      ...Array.from({ length: 300 }, (_, index) => `_dmarc.hostile TXT "${"x".repeat(150)}${index}"`),
    ].join("\n");
    const server = await startDnsServer({ zones: [zone] });
    open.push(server);
    const input = { domain: "hostile.example", resolver: { servers: server.servers }, connect: false, address_lists: [], guess_selectors: false };
    const output = (await runReport("mail.posture", input)).envelope.output as Output;
    expect(output.checks.find(({ id }) => id === "spf.lookups")).toMatchObject({ verdict: "error" });
    expect(output.questions).toBeLessThan(120);
    expect(output.spf.tree.length).toBeLessThanOrEqual(50);
  });
});

function strings(text: string): string {
  return (text.match(/.{1,200}/g) ?? []).map((part) => JSON.stringify(part)).join(" ");
}

describe("the parts of mail.posture", () => {
  test("each operation bears the name of its part, and each question is asked once", async () => {
    const output = await ofLab("open");
    const names = output.operations.map(({ name }) => name);
    for (const part of ["mx", "spf", "dkim", "dmarc", "dnssec", "tlsrpt", "mtasts", "reverse", "host"])
      expect(
        names.some((name) => name.startsWith(`${part} `)),
        `${part} in ${names.join(", ")}`,
      ).toBe(true);
    expect(names.filter((name) => !/^(?:mx|spf|dkim|dmarc|dnssec|tlsrpt|bimi|mtasts|dane|reverse|host|blocklist) /.test(name))).toEqual([]);
  });

  test("mail hosts are asked whether they relay only with an address of the asker", async () => {
    const without = await ofLab("open");
    expect(without.checks.filter(({ id }) => id === "relay.open")).toEqual([]);
    expect(without.operations.some(({ name }) => name.includes("RCPT"))).toBe(false);
    const output = await ofLab("open", { relay_own_address: "relay-test@asker.example" });
    expect(output.checks.filter(({ id }) => id === "relay.open").length).toBeGreaterThan(0);
    expect(output.operations.filter(({ name }) => name === "relay RCPT").length).toBeGreaterThan(0);
    expect(output.operations.some(({ name }) => name.includes("DATA"))).toBe(false);
  });

  test("an invalid address is a wrong request", async () => {
    await expect(ofLab("open", { relay_own_address: "nobody" })).rejects.toMatchObject({ violations: [{ pointer: "/relay_own_address" }] });
  });

  test("mail.mtasts fails if it cannot be found out whether there is a policy", async () => {
    const zone = ["$ORIGIN example.", "@ SOA ns hostmaster 1 3600 600 86400 60", '_mta-sts.own TXT "v=STSv1; id=1"', "own MX 10 mx", "mx A 192.0.2.1"].join(
      "\n",
    );
    const server = await startDnsServer({ zones: [zone], behave: ({ name }) => (name.startsWith("mta-sts.") ? { rcode: 2 } : undefined) });
    open.push(server);
    const { output } = (await runReport("mail.mtasts", { domain: "own.example", resolver: { servers: [...server.servers] } })).envelope;
    expect(output).toMatchObject({
      status: "error",
      failure: { phase: "resolve", code: "dns_failure", message: expect.stringContaining("mta-sts.own.example") },
      record: { state: "valid" },
      policy: { state: "unknown" },
    });
  });
});
