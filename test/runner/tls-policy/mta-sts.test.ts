import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { selfSigned } from "../../../runner/lab/self-signed.js";
import { Deadline } from "../../../runner/run/deadline.js";
import type { PolicyRoute, PolicySourceOptions, PolicySources } from "../../../runner/tls-policy/policy.js";
import { openPolicySources } from "../../../runner/tls-policy/policy-sources.js";
import { FAILED_FETCH_MS } from "../../../runner/tls-policy/sts/limits.js";
import type { StsFinding } from "../../../runner/tls-policy/sts/policy.js";
import { tlsPolicyOf } from "../../../runner/tls-policy/tls-policy-of.js";
import { POLICY_AUTHORITY, type PolicyHost, type PolicyHostOptions, policyCertificate, startPolicyHost } from "../../support/policy-host.js";
import { SERVFAIL, type SignedNamesOptions, startSignedNames, tlsaLine } from "../../support/signed-names.js";
import { tlsaFor } from "../../support/tlsa.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const DAY_MS = 86_400_000;
const PATIENTLY = { timeout: 5000 };
const policy = (mode: string, { mx = ["mx.example.org"], maxAge = 604_800 } = {}): string =>
  ["version: STSv1", `mode: ${mode}`, ...mx.map((pattern) => `mx: ${pattern}`), `max_age: ${maxAge}`, ""].join("\n");

/** The domain's TXT record; undefined: it has none; "SERVFAIL": it cannot be queried. */
interface World {
  id: string | undefined;
  /** How long after the present. */
  laterMs: number;
}

interface Domain {
  readonly world: World;
  readonly host: PolicyHost;
  readonly means: PolicySources;
  find(): Promise<StsFinding>;
  /** Another process, which shares the file or does not. */
  another(options?: Partial<PolicySourceOptions>): PolicySources;
}

const RECORDS = ["example.org. MX 10 mx.example.org.", "mx.example.org. A 192.0.2.1", "mta-sts.example.org. A 127.0.0.1"];

interface DomainOptions extends PolicyHostOptions, Partial<SignedNamesOptions> {
  file?: string | null;
}

async function domain({ file = null, records = RECORDS, troubles = {}, ...host }: DomainOptions = {}): Promise<Domain> {
  const world: World = { id: "1", laterMs: 0 };
  const names = await startSignedNames({
    records,
    // With no time to live, so that each question sees the record as it is.
    troubles: {
      ...troubles,
      get "TXT _mta-sts.example.org"() {
        if (world.id === "SERVFAIL") return SERVFAIL;
        const data = world.id === undefined ? [] : [`v=STSv1; id=${world.id};`];
        return {
          edit: (reply: object) => ({
            ...reply,
            flags: 0,
            answers: data.map((text) => ({ name: "_mta-sts.example.org", type: "TXT" as const, ttl: 0, data: text })),
          }),
        };
      },
    },
  });
  open.push(names);
  const serving = await startPolicyHost({ policy: policy("enforce"), ...host });
  open.push(serving);
  const another = (options: Partial<PolicySourceOptions> = {}): PolicySources => {
    const means = openPolicySources(
      { servers: names.servers, validates: true, file, ca: POLICY_AUTHORITY, allowPrivate: true, policyPort: serving.port, ...options },
      () => Date.now() + world.laterMs,
    );
    open.push(means);
    return means;
  };
  const means = another();
  return { world, host: serving, means, another, find: () => means.findSts("example.org") };
}

const modeOf = ({ policy: found }: StsFinding): string | null => found?.mode ?? null;
const ROUTE: PolicyRoute = { ascii_domain: "example.org", kind: "mx", hosts: [{ host: "mx.example.org" }] };

describe("point 49: the policy is fetched", () => {
  test("once, over HTTPS, from its well-known URL", async () => {
    const { find, host } = await domain();
    expect(await Promise.all([find(), find()])).toMatchObject([{ policy: { mode: "enforce", mx: ["mx.example.org"], maxAgeS: 604_800 }, problem: null }, {}]);
    expect(modeOf(await find())).toBe("enforce");
    expect(host.requests).toEqual([`mta-sts.example.org:${host.port} /.well-known/mta-sts.txt`]);
  });

  test("not for a domain without an MTA-STS record", async () => {
    const { find, host, world } = await domain();
    world.id = undefined;
    expect(await find()).toEqual({ policy: null, problem: null });
    expect(host.requests).toEqual([]);
  });

  test.each([
    ["another host's", () => policyCertificate("mx.example.org", "example.org")],
    ["one that is not trusted", () => selfSigned({ names: ["mta-sts.example.org"] })],
    ["one behind a star for two labels", () => policyCertificate("*.org")],
  ])("only with the host's own certificate, not with %s", async (_what, certificate) => {
    const { find, host } = await domain({ certificate: certificate() });
    expect(await find()).toMatchObject({ policy: null, problem: { type: "sts-webpki-invalid" } });
    expect(host.requests).toEqual([]);
  });

  test.each([
    ["a redirect", 301, { location: "https://mta-sts.example.org/other", "content-type": "text/plain" }],
    ["not found", 404, { "content-type": "text/plain" }],
    ["a page", 200, { "content-type": "text/html" }],
    ["no type", 200, {}],
    ["something like plain text", 200, { "content-type": "text/plainer" }],
  ])("not from an answer that is %s", async (_what, status, headers) => {
    const { find, host } = await domain({ answer: (_request, response) => void response.writeHead(status, headers).end(policy("enforce")) });
    expect(await find()).toMatchObject({ policy: null, problem: { type: "sts-policy-fetch-error" } });
    expect(host.requests).toHaveLength(1);
  });

  test("not beyond 64 KiB", async () => {
    let sent = 0;
    const { find } = await domain({
      answer: (_request, response) => {
        response.writeHead(200, { "content-type": "text/plain" });
        const more = (): void => {
          for (let ready = true; ready && !response.destroyed; sent += 1024) ready = response.write(`x: ${"y".repeat(1020)}\n`);
        };
        response.on("drain", more);
        more();
      },
    });
    expect(await find()).toMatchObject({ policy: null, problem: { type: "sts-policy-fetch-error", message: expect.stringContaining("65536 bytes") } });
    expect(sent).toBeGreaterThan(65_536);
  });

  test("not if the response is incomplete", async () => {
    const { find } = await domain({
      answer: (_request, response) => {
        response.writeHead(200, { "content-type": "text/plain", "content-length": "1000" }).write(policy("enforce"));
        setImmediate(() => response.destroy());
      },
    });
    expect(await find()).toMatchObject({ policy: null, problem: { type: "sts-policy-fetch-error" } });
  });

  test("not if it is invalid", async () => {
    const { find } = await domain({ policy: "welcome" });
    expect(await find()).toMatchObject({ policy: null, problem: { type: "sts-policy-invalid" } });
  });

  test("from the next address if one does not respond", async () => {
    const { find } = await domain({ records: [...RECORDS, "mta-sts.example.org. AAAA ::1"] });
    expect(modeOf(await find())).toBe("enforce");
  });

  test("point 37: not from an address that is not global, unless that is allowed", async () => {
    const { another, host } = await domain();
    expect(await another({ allowPrivate: false }).findSts("example.org")).toMatchObject({
      policy: null,
      problem: { type: "sts-policy-fetch-error", message: "the policy host mta-sts.example.org has no address that may be dialled" },
    });
    expect(host.requests).toEqual([]);
  });

  test("for no longer than the caller's deadline", async () => {
    const silent = createServer((socket) => socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    open.push(silent);
    await new Promise((resolve) => silent.once("listening", resolve));
    const { another } = await domain();
    const deadline = new Deadline(1500, undefined);
    const means = another({ policyPort: (silent.address() as { port: number }).port });
    await expect(means.findSts("example.org", deadline)).rejects.toMatchObject({ failure: { code: "timeout" } });
    deadline.release();
    // Nor does the next one wait for it again.
    expect(await means.findSts("example.org")).toMatchObject({ policy: null, problem: { type: "sts-policy-fetch-error" } });
    await expect.poll(() => new Promise((resolve) => silent.getConnections((_error, count) => resolve(count))), PATIENTLY).toBe(0);
  });

  test("for no longer than a minute, or the configured time", async () => {
    const { another } = await domain({
      answer: (_request, response) => {
        response.writeHead(200, { "content-type": "text/plain" });
        const drip = setInterval(() => response.write("x"), 20);
        response.on("close", () => clearInterval(drip));
      },
    });
    expect(await another({ policyTimeoutMs: 300 }).findSts("example.org")).toMatchObject({
      policy: null,
      problem: { type: "sts-policy-fetch-error", message: "mta-sts.example.org returned no policy within 0.3 seconds" },
    });
  });
});

describe("point 51: a cached policy stays valid if its record changes", () => {
  test.each([["SERVFAIL"], [undefined], ["not-an-id"]])("to %s", async (id) => {
    const { find, world, host } = await domain();
    await find();
    world.id = id;
    world.laterMs = 6 * DAY_MS;
    expect(modeOf(await find())).toBe("enforce");
    world.laterMs = 8 * DAY_MS;
    expect(modeOf(await find())).toBeNull();
    expect(host.requests).toHaveLength(1);
  });

  test.each(["SERVFAIL", undefined])("to %s, also in the file that processes share", async (id) => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-sts-"));
    open.push({ close: () => rmSync(folder, { recursive: true }) });
    const { find, world, host, another } = await domain({ file: join(folder, "below", "sts.db") });
    await find();
    world.id = id;
    expect(modeOf(await another().findSts("example.org"))).toBe("enforce");
    world.laterMs = 8 * DAY_MS;
    expect(modeOf(await another().findSts("example.org"))).toBeNull();
    expect(host.requests).toHaveLength(1);
  });

  test("or if a new policy cannot be fetched", async () => {
    const { find, world, host } = await domain();
    await find();
    world.id = "2";
    host.policy = "welcome";
    expect(await find()).toMatchObject({ policy: { mode: "enforce" }, problem: { type: "sts-policy-invalid" } });
  });
});

describe("point 52: it is fetched again", () => {
  test("if its id changes", async () => {
    const { find, world, host } = await domain();
    await find();
    host.policy = policy("none");
    expect(modeOf(await find())).toBe("enforce");
    world.id = "2";
    expect(modeOf(await find())).toBe("none");
    expect(modeOf(await find())).toBe("none");
    expect(host.requests).toHaveLength(2);
  });

  test("before it expires", async () => {
    const { find, world, host } = await domain();
    await find();
    world.laterMs = 5 * DAY_MS;
    await find();
    expect(host.requests).toHaveLength(1);
    world.laterMs = 6.5 * DAY_MS;
    expect(modeOf(await find())).toBe("enforce");
    await expect.poll(() => host.requests.length, PATIENTLY).toBe(2);
    await find();
    expect(host.requests).toHaveLength(2);
    // It lives for a week from then on.
    world.laterMs = 12 * DAY_MS;
    world.id = undefined;
    expect(modeOf(await find())).toBe("enforce");
  });

  test("in the background while the old one is valid", async () => {
    let isSlow = false;
    const { find, world, host } = await domain({
      answer: (_request, response) => {
        response.writeHead(200, { "content-type": "text/plain" });
        if (!isSlow) response.end(policy("enforce"));
      },
    });
    await find();
    isSlow = true;
    world.laterMs = 6.5 * DAY_MS;
    expect(await find()).toMatchObject({ policy: { mode: "enforce" }, problem: null });
    await expect.poll(() => host.requests.length, PATIENTLY).toBe(2);
  });

  test("and is not used after it has expired", async () => {
    const { find, world, host } = await domain();
    await find();
    world.laterMs = 8 * DAY_MS;
    host.policy = "welcome";
    expect(await find()).toMatchObject({ policy: null, problem: { type: "sts-policy-invalid" } });
  });

  test("after a pause if that failed", async () => {
    const { find, world, host } = await domain({ policy: "welcome" });
    await find();
    expect(await find()).toMatchObject({ problem: { type: "sts-policy-invalid" } });
    expect(host.requests).toHaveLength(1);
    world.laterMs = FAILED_FETCH_MS + 1000;
    host.policy = policy("testing");
    expect(await find()).toMatchObject({ policy: { mode: "testing" }, problem: null });
    expect(host.requests).toHaveLength(2);
  });

  test("by one process for the others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "probe-run-sts-"));
    open.push({ close: () => rmSync(folder, { recursive: true }) });
    const { find, world, host, another } = await domain({ file: join(folder, "sts.db") });
    const other = another();
    await find();
    expect(modeOf(await other.findSts("example.org"))).toBe("enforce");
    world.id = "2";
    host.policy = policy("testing");
    await find();
    expect(modeOf(await other.findSts("example.org"))).toBe("testing");
    expect(host.requests).toHaveLength(2);
  });
});

describe("point 53: the modes of a policy", () => {
  async function ruleWith(text: string, hosts = ["mx.example.org"]) {
    const { another } = await domain({ policy: text });
    return tlsPolicyOf({ ...ROUTE, hosts: hosts.map((host) => ({ host })) }, another({ validates: false }));
  }

  test("enforce: TLS with a certificate for the host", async () => {
    const { hosts, problems } = await ruleWith(policy("enforce"));
    expect(hosts).toMatchObject([
      {
        outcome: "use",
        level: "verify",
        source: "mta_sts",
        testing: false,
        servername: "mx.example.org",
        referenceNames: ["mx.example.org"],
        minVersion: "TLSv1.2",
        report: { policy_type: "sts", policy_domain: "example.org", mx_host: ["mx.example.org"], policy_string: policy("enforce").trim().split("\n") },
      },
    ]);
    expect(problems).toEqual([]);
  });

  test("enforce: a host that it does not name gets no mail, which is retried later", async () => {
    const { hosts, problems } = await ruleWith(policy("enforce", { mx: ["*.example.org"] }), ["mx.example.org", "a.mx.example.org", "mx.example.net"]);
    expect(hosts.map(({ outcome }) => outcome)).toEqual(["use", "skip", "skip"]);
    expect(hosts[2]?.failure).toMatchObject({ phase: "tls", code: "not_permitted", retryable: true });
    expect(problems).toMatchObject([
      { policy_type: "sts", receiving_mx_hostname: "a.mx.example.org", result_type: "validation-failure" },
      { policy_type: "sts", receiving_mx_hostname: "mx.example.net", result_type: "validation-failure" },
    ]);
  });

  test("testing: mail is delivered in any case", async () => {
    const { hosts } = await ruleWith(policy("testing"), ["mx.example.org", "mx.example.net"]);
    expect(hosts).toMatchObject([
      { outcome: "use", level: "may", source: "mta_sts", testing: true, violation: null },
      { outcome: "use", level: "may", source: "mta_sts", testing: true, violation: { type: "validation-failure" } },
    ]);
  });

  test("none: as without a policy", async () => {
    const { hosts } = await ruleWith(policy("none"), ["mx.example.net"]);
    expect(hosts).toMatchObject([{ outcome: "use", level: "may", source: "opportunistic", testing: false }]);
  });

  test("a policy that could not be fetched is part of the report", async () => {
    const { hosts, problems } = await ruleWith("welcome");
    expect(hosts).toMatchObject([{ outcome: "use", level: "may" }]);
    expect(problems).toMatchObject([{ policy_type: "sts", policy_domain: "example.org", receiving_mx_hostname: null, result_type: "sts-policy-invalid" }]);
  });
});

describe("point 47: DANE comes first", () => {
  const OWNER = "_25._tcp.mx.example.org";
  const TLSA = tlsaFor(policyCertificate("mx.example.org").certificate, "3 1 1");

  test("if there are both, also for a host that the policy does not name", async () => {
    const { means } = await domain({ policy: policy("enforce", { mx: ["other.example.org"] }), records: [...RECORDS, tlsaLine(OWNER, TLSA)] });
    expect((await tlsPolicyOf(ROUTE, means)).hosts).toMatchObject([{ outcome: "use", level: "dane", source: "dane" }]);
  });

  test("if its records are uncertain, a valid policy does not replace them", async () => {
    const { means } = await domain({ troubles: { [`TLSA ${OWNER}`]: SERVFAIL } });
    expect((await tlsPolicyOf(ROUTE, means)).hosts).toMatchObject([{ outcome: "defer", level: "dane", source: "dane" }]);
  });

  test("with unusable records the stricter policy applies", async () => {
    const { means } = await domain({ records: [...RECORDS, tlsaLine(OWNER, { ...TLSA, usage: 0 })] });
    expect((await tlsPolicyOf(ROUTE, means)).hosts).toMatchObject([{ outcome: "use", level: "verify", source: "mta_sts" }]);
  });

  test("a policy in mode testing does not weaken them", async () => {
    const { means } = await domain({ policy: policy("testing"), records: [...RECORDS, tlsaLine(OWNER, { ...TLSA, usage: 0 })] });
    expect((await tlsPolicyOf(ROUTE, means)).hosts).toMatchObject([{ outcome: "use", level: "encrypt", source: "dane" }]);
  });

  test("the policy applies to hosts without records", async () => {
    const { means } = await domain();
    expect((await tlsPolicyOf(ROUTE, means)).hosts).toMatchObject([{ outcome: "use", level: "verify", source: "mta_sts" }]);
  });
});
