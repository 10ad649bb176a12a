import { afterEach, describe, expect, test } from "vitest";
import type { DnsServer } from "../../../runner/lab/dns-server.js";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import type { HostTls, PolicyRoute, PolicySourceOptions, TlsPolicy } from "../../../runner/tls-policy/policy.js";
import { openPolicySources } from "../../../runner/tls-policy/policy-sources.js";
import { tlsPolicyOf } from "../../../runner/tls-policy/tls-policy-of.js";
import { SERVFAIL, type SignedNamesOptions, startSignedNames, tlsaLine, UNSIGNED } from "../../support/signed-names.js";
import { tlsaFor } from "../../support/tlsa.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const { certificate } = selfSigned({ names: ["mx.example.org"] });
const TLSA = tlsaFor(certificate, "3 1 1");
const OWNER = "_25._tcp.mx.example.org";
const MX = "example.org. MX 10 mx.example.org.";
const ADDRESS = "mx.example.org. A 192.0.2.1";
const RECORD = tlsaLine(OWNER, TLSA);
const ROUTE: PolicyRoute = { ascii_domain: "example.org", kind: "mx", hosts: [{ host: "mx.example.org" }] };

interface Asked {
  readonly policy: TlsPolicy;
  readonly host: HostTls;
  readonly server: DnsServer;
  /** As "TLSA _25._tcp.mx.example.org". */
  readonly questions: readonly string[];
}

async function ask(names: SignedNamesOptions, route: Partial<PolicyRoute> = {}, options: Partial<PolicySourceOptions> = {}): Promise<Asked> {
  const server = await startSignedNames(names);
  open.push(server);
  const means = openPolicySources({ servers: server.servers, validates: true, file: null, ...options });
  open.push(means);
  const policy = await tlsPolicyOf({ ...ROUTE, ...route }, means);
  const questions = server.questions.map(({ type, name }) => `${type} ${name}`);
  return { policy, host: policy.hosts[0] as HostTls, server, questions };
}

const asksForTlsa = ({ questions }: Asked): boolean => questions.some((question) => question.startsWith("TLSA"));

test("a signed chain and a usable record: DANE", async () => {
  const { host, policy } = await ask({ records: [MX, ADDRESS, RECORD] });
  expect(host).toMatchObject({
    host: "mx.example.org",
    outcome: "use",
    level: "dane",
    source: "dane",
    servername: "mx.example.org",
    minVersion: "TLSv1.2",
    referenceNames: ["mx.example.org", "example.org"],
    tlsa: [TLSA],
    report: { policy_type: "tlsa", policy_domain: "mx.example.org", policy_string: [expect.stringMatching(/^3 1 1 [0-9a-f]{64}$/)] },
  });
  expect(policy.problems).toEqual([]);
});

describe("point 41: TLSA records are queried only if all earlier answers are signed", () => {
  test("not if the MX records are unsigned", async () => {
    const asked = await ask({ records: [MX, ADDRESS, RECORD], troubles: { "MX example.org": UNSIGNED, [`TLSA ${OWNER}`]: SERVFAIL } });
    expect(asked.host).toMatchObject({ outcome: "use", level: "may", source: "opportunistic" });
    expect(asksForTlsa(asked)).toBe(false);
  });

  test("not if the host's addresses are unsigned", async () => {
    const asked = await ask({ records: [MX, ADDRESS, RECORD], unsigned: ["mx.example.org"], troubles: { [`TLSA ${OWNER}`]: SERVFAIL } });
    expect(asked.host).toMatchObject({ outcome: "use", level: "may", source: "opportunistic" });
    expect(asksForTlsa(asked)).toBe(false);
  });

  test("for each host separately", async () => {
    const hosts = [{ host: "mx.example.net" }, { host: "mx.example.org" }];
    const records = [MX, "example.org. MX 5 mx.example.net.", "mx.example.net. A 192.0.2.2", ADDRESS, RECORD];
    const { policy } = await ask({ records, unsigned: ["example.net"] }, { hosts });
    expect(policy.hosts.map(({ level }) => level)).toEqual(["may", "dane"]);
  });

  test("not without a validating resolver", async () => {
    const asked = await ask({ records: [MX, ADDRESS, RECORD] }, {}, { validates: false });
    expect(asked.host).toMatchObject({ outcome: "use", level: "may" });
    expect(asked.questions).toEqual(["TXT _mta-sts.example.org"]);
  });

  test("unsigned TLSA records are ignored", async () => {
    const { host } = await ask({ records: [MX, ADDRESS, RECORD], troubles: { [`TLSA ${OWNER}`]: UNSIGNED } });
    expect(host).toMatchObject({ outcome: "use", level: "may" });
  });
});

describe("point 42: an uncertain answer defers the host, and never lowers the requirement", () => {
  const DEFERRED = {
    outcome: "defer",
    level: "dane",
    source: "dane",
    failure: { phase: "resolve", code: "dns_failure", retryable: true },
    violation: { type: "dnssec-invalid" },
  };
  const TROUBLES = { SERVFAIL, REFUSED: { rcode: 5 }, NOTIMP: { rcode: 4 }, "a referral": { edit: referral } } as const;
  const QUESTIONS = ["MX example.org", "A mx.example.org", `TLSA ${OWNER}`];
  const cases = QUESTIONS.flatMap((question) => Object.entries(TROUBLES).map(([name, trouble]) => [name, question, trouble] as const));

  test.each(cases)("%s to %s", async (_name, question, trouble) => {
    const { host, policy } = await ask({ records: [MX, ADDRESS, RECORD], troubles: { [question]: trouble } });
    expect(host).toMatchObject(DEFERRED);
    expect(policy.problems).toMatchObject([{ policy_type: "tlsa", result_type: "dnssec-invalid", receiving_mx_hostname: "mx.example.org" }]);
  });

  test("no answer", async () => {
    const asked = await Promise.all(QUESTIONS.map((question) => ask({ records: [MX, ADDRESS, RECORD], troubles: { [question]: { drop: true } } })));
    for (const { host } of asked) expect(host).toMatchObject(DEFERRED);
  });

  test("a failure for one host does not affect another", async () => {
    const records = [MX, "example.org. MX 20 mx2.example.org.", ADDRESS, RECORD, "mx2.example.org. A 192.0.2.2", tlsaLine("_25._tcp.mx2.example.org", TLSA)];
    const hosts = [{ host: "mx.example.org" }, { host: "mx2.example.org" }];
    const { policy } = await ask({ records, troubles: { [`TLSA ${OWNER}`]: SERVFAIL } }, { hosts });
    expect(policy.hosts.map(({ outcome }) => outcome)).toEqual(["defer", "use"]);
  });

  test.each(["NODATA", "NXDOMAIN"])("%s for TLSA is a certain answer", async (what) => {
    const records = what === "NODATA" ? [MX, ADDRESS, `${OWNER}. TXT here`] : [MX, ADDRESS];
    expect((await ask({ records })).host).toMatchObject({ outcome: "use", level: "may", source: "opportunistic" });
  });

  test("a host that the signed MX records do not contain is not used", async () => {
    const { host } = await ask({ records: [MX, ADDRESS, RECORD] }, { hosts: [{ host: "mx.example.net" }] });
    expect(host).toMatchObject({ outcome: "defer", reason: "the signed MX records of example.org do not name mx.example.net" });
  });
});

function referral<Reply extends object>(reply: Reply): Reply {
  const authorities = [{ type: "NS", name: "org", ttl: 60, data: "ns.org" }];
  return { ...reply, flags: 0, answers: [], authorities };
}

describe("point 43: address families and aliases", () => {
  test.each(["A", "AAAA"])("a certain answer for one family is enough: %s", async (known) => {
    const [address, failing] = known === "A" ? [ADDRESS, "AAAA"] : ["mx.example.org. AAAA 2001:db8::1", "A"];
    const { host } = await ask({ records: [MX, address, RECORD], troubles: { [`${failing} mx.example.org`]: SERVFAIL } });
    expect(host).toMatchObject({ outcome: "use", level: "dane" });
  });

  const ALIAS = "mx.example.org. CNAME real.example.net.";
  const TARGET = "real.example.net. A 192.0.2.3";
  const AT_TARGET = tlsaLine("_25._tcp.real.example.net", TLSA);

  test("TLSA records are queried at the target of an alias first", async () => {
    const { host, questions } = await ask({ records: [MX, ALIAS, TARGET, AT_TARGET, RECORD] });
    expect(host).toMatchObject({ level: "dane", servername: "real.example.net", referenceNames: ["real.example.net", "mx.example.org", "example.org"] });
    expect(questions).not.toContain(`TLSA ${OWNER}`);
  });

  test("then at the host's own name", async () => {
    const { host, questions } = await ask({ records: [MX, ALIAS, TARGET, RECORD] });
    expect(host).toMatchObject({ level: "dane", servername: "mx.example.org" });
    expect(questions).toContain("TLSA _25._tcp.real.example.net");
  });

  test("a failure at the target's name defers the host", async () => {
    const { host } = await ask({ records: [MX, ALIAS, TARGET, RECORD], troubles: { "TLSA _25._tcp.real.example.net": SERVFAIL } });
    expect(host).toMatchObject({ outcome: "defer" });
  });

  test("a signed alias with an unsigned target: only the host's own name", async () => {
    const names = { records: [MX, ALIAS, TARGET, AT_TARGET, RECORD], troubles: { "A mx.example.org": UNSIGNED, "AAAA mx.example.org": UNSIGNED } };
    const { host, questions } = await ask(names);
    expect(host).toMatchObject({ level: "dane", servername: "mx.example.org", referenceNames: ["mx.example.org", "example.org"] });
    expect(questions).toContain("CNAME mx.example.org");
    expect(questions).not.toContain("TLSA _25._tcp.real.example.net");
  });

  test("an unsigned alias", async () => {
    const asked = await ask({ records: [MX, ALIAS, TARGET, AT_TARGET, RECORD], unsigned: ["mx.example.org"] });
    expect(asked.host).toMatchObject({ outcome: "use", level: "may" });
    expect(asksForTlsa(asked)).toBe(false);
  });

  test("an alias whose signature is uncertain", async () => {
    const troubles = { "A mx.example.org": UNSIGNED, "AAAA mx.example.org": UNSIGNED, "CNAME mx.example.org": SERVFAIL };
    expect((await ask({ records: [MX, ALIAS, TARGET, RECORD], troubles })).host).toMatchObject({ outcome: "defer" });
  });

  test("the TLSA name may itself be an alias", async () => {
    const { host } = await ask({ records: [MX, ADDRESS, `${OWNER}. CNAME tlsa.example.net.`, tlsaLine("tlsa.example.net", TLSA)] });
    expect(host).toMatchObject({ level: "dane", servername: "mx.example.org", tlsa: [TLSA] });
  });

  test("a domain that is an alias gives both names to be matched", async () => {
    const records = ["example.org. CNAME mail.example.net.", "mail.example.net. MX 10 mx.example.org.", ADDRESS, RECORD];
    expect((await ask({ records })).host).toMatchObject({ level: "dane", referenceNames: ["mx.example.org", "example.org", "mail.example.net"] });
  });
});

describe("point 44: records that cannot be used", () => {
  const UNUSABLE = [tlsaLine(OWNER, { ...TLSA, usage: 1 }), tlsaLine(OWNER, { ...TLSA, matchingType: 7 })];

  test("require TLS with any certificate", async () => {
    const { host } = await ask({ records: [MX, ADDRESS, ...UNUSABLE] });
    expect(host).toMatchObject({ outcome: "use", level: "encrypt", source: "dane", tlsa: [], referenceNames: [], violation: { type: "tlsa-invalid" } });
    expect(host.report.policy_string).toHaveLength(2);
  });

  test("do not affect usable ones", async () => {
    expect((await ask({ records: [MX, ADDRESS, RECORD, ...UNUSABLE] })).host).toMatchObject({ level: "dane", tlsa: [TLSA] });
  });
});

describe("point 46: a domain without MX records", () => {
  const implicit = { kind: "implicit", hosts: [{ host: "example.org" }] } as const;
  const records = ["example.org. A 192.0.2.1", tlsaLine("_25._tcp.example.org", TLSA)];

  test("has DANE if the negative answer is signed", async () => {
    expect((await ask({ records }, implicit)).host).toMatchObject({ level: "dane", servername: "example.org", referenceNames: ["example.org"] });
  });

  test("has no DANE if it is not", async () => {
    const asked = await ask({ records, troubles: { "MX example.org": UNSIGNED } }, implicit);
    expect(asked.host).toMatchObject({ level: "may" });
    expect(asksForTlsa(asked)).toBe(false);
  });
});

describe("point 48: the questions", () => {
  test("have the DO bit", async () => {
    const { server } = await ask({ records: [MX, ADDRESS, RECORD] });
    expect(new Set(server.questions.map(({ dnssec }) => dnssec))).toEqual(new Set([true]));
  });

  test("point 32: use A-labels", async () => {
    const { questions, policy } = await ask({ records: [] }, { ascii_domain: "例え.jp", hosts: [] });
    expect(policy.domain).toBe("xn--r8jz45g.jp");
    expect([...questions].sort()).toEqual(["MX xn--r8jz45g.jp", "TXT _mta-sts.xn--r8jz45g.jp"]);
  });

  test("use the port that is dialled", async () => {
    const { host } = await ask({ records: [MX, ADDRESS, tlsaLine("_2525._tcp.mx.example.org", TLSA)] }, { port: 2525 });
    expect(host).toMatchObject({ level: "dane" });
  });
});

test("a configured relay has DANE without MX records, and no MTA-STS", async () => {
  const { host, questions } = await ask({ records: [ADDRESS, RECORD] }, { kind: "configured" });
  expect(host).toMatchObject({ level: "dane", referenceNames: ["mx.example.org"] });
  expect(questions.filter((question) => /^(?:MX|TXT)/.test(question))).toEqual([]);
});

test.each(["192.0.2.1", "2001:db8::1"])("no TLSA records are queried for a relay given by address: %s", async (address) => {
  const { host, questions } = await ask({ records: [ADDRESS] }, { kind: "configured", ascii_domain: address, hosts: [{ host: address }] });
  expect(host).toMatchObject({ outcome: "use", level: "may", servername: address });
  expect(questions).toEqual([]);
});

test("host names are compared case-insensitively, without the trailing dot", async () => {
  const { policy } = await ask({ records: [MX, ADDRESS, RECORD] }, { ascii_domain: "Example.ORG.", hosts: [{ host: "MX.Example.org." }] });
  expect(policy).toMatchObject({ domain: "example.org", hosts: [{ host: "mx.example.org", level: "dane", servername: "mx.example.org" }] });
});

test("for a domain of many hosts twenty are looked up, and the others are deferred", async () => {
  const hosts = Array.from({ length: 30 }, (_, index) => ({ host: `mx${index}.example.org` }));
  const records = hosts.flatMap(({ host }) => [`example.org. MX 10 ${host}.`, `${host}. A 192.0.2.1`, tlsaLine(`_25._tcp.${host}`, TLSA)]);
  const { policy, questions } = await ask({ records }, { hosts });
  expect(policy.hosts.map(({ outcome }) => outcome)).toEqual(hosts.map((_host, index) => (index < 20 ? "use" : "defer")));
  expect(questions.filter((question) => question.startsWith("TLSA"))).toHaveLength(20);
});

test("names that are not valid host names are queried, and those that are not DNS names are not", async () => {
  const records = ["a_b.example.org. MX 10 mx_1.example.org.", "mx_1.example.org. A 192.0.2.1", tlsaLine("_25._tcp.mx_1.example.org", TLSA)];
  const { host } = await ask({ records }, { ascii_domain: "a_b.example.org", hosts: [{ host: "mx_1.example.org" }] });
  expect(host).toMatchObject({ level: "dane", servername: "mx_1.example.org" });
  const { policy, questions } = await ask({ records }, { ascii_domain: `${"a".repeat(64)}.example.org` });
  expect([policy.hosts.map(({ level }) => level), questions]).toEqual([["may"], []]);
});
