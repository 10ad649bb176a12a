import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { newest } from "../../../probes/webapp.http/schema.js";
import { run } from "../../../runner/harness/run.js";
import type { FilledOf, GivenOf } from "../../../schemas/contract.js";
import { certificatePath, testAuthority } from "../../support/certificates.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { FILES, startCaddy, startNginx, type WebServer } from "../../support/web-servers.js";

type Input = Partial<GivenOf<(typeof newest)["input"]>>;
type Output = FilledOf<(typeof newest)["output"]>;

async function probe(url: string, input: Input = {}): Promise<Output> {
  const { output } = await run("webapp.http@1.0.0", { url, tls: { ca: testAuthority() }, ...input });
  return output as Output;
}

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");

interface Curl {
  readonly status: number;
  readonly version: string;
  readonly bytes: number;
  readonly redirects: number;
  readonly sha256: string;
  /** Milliseconds. */
  readonly connect: number;
  readonly connected: number;
  readonly tls: number;
  readonly firstByte: number;
  readonly total: number;
}

async function curl(url: string, ...options: string[]): Promise<Curl> {
  const format =
    "\\n%{http_code} %{http_version} %{size_download} %{num_redirects} %{time_namelookup} %{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total}";
  const args = ["-s", "--cacert", certificatePath("authority"), "-w", format, ...options, url];
  const { stdout } = await promisify(execFile)(programPath("curl") as string, args, { encoding: "buffer", maxBuffer: 16 * 1024 * 1024 });
  const end = stdout.lastIndexOf("\n");
  const [status, version, bytes, redirects, lookup, connect, tls, firstByte, total] = stdout
    .subarray(end + 1)
    .toString()
    .split(" ") as string[];
  return {
    status: Number(status),
    version: version as string,
    bytes: Number(bytes),
    redirects: Number(redirects),
    sha256: sha256(stdout.subarray(0, end)),
    connect: (Number(connect) - Number(lookup)) * 1000,
    connected: Number(connect) * 1000,
    tls: Number(tls) * 1000,
    firstByte: Number(firstByte) * 1000,
    total: Number(total) * 1000,
  };
}

const SERVERS = [
  ["nginx", startNginx],
  ["caddy", startCaddy],
] as const;

for (const [name, start] of SERVERS) {
  realServer(`webapp.http against ${name}`, [name, "curl"], () => {
    let server: WebServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    test.each([
      ["http", "auto", "1.1"],
      ["https", "auto", "2"],
      ["https", "1.1", "1.1"],
      ["https", "2", "2"],
    ] as const)("%s with version %s is HTTP/%s", async (scheme, version, actual) => {
      const output = await probe(`${server[scheme]}/index.html`, { version });
      expect(output).toMatchObject({
        status: "ok",
        failure: null,
        hops: [
          { status: 200, http_version: actual, ip_address: "127.0.0.1", headers: { "content-type": expect.stringContaining("text/html") }, anomalies: [] },
        ],
        body: { bytes: 39, decoded_bytes: 39, sha256: sha256(FILES["index.html"] as string), truncated: false, content_type: "text/html" },
        findings: [],
      });
      const { phases, tls } = (output.hops as Output["hops"])[0] as Output["hops"][number];
      expect(phases.resolve_ms).toBeNull();
      for (const phase of ["connect_ms", "request_ms", "first_byte_ms", "headers_ms", "body_ms"] as const)
        expect(phases[phase], phase).toBeGreaterThanOrEqual(0);
      expect(phases.tls_ms === null).toBe(scheme === "http");
      expect(tls?.alpn ?? null).toBe(scheme === "http" ? null : actual === "2" ? "h2" : "http/1.1");
    });

    test.each(["1.1", "2"] as const)("a large body over HTTP/%s is read whole, and cut at max_body_bytes", async (version) => {
      const content = FILES["large.txt"] as string;
      expect((await probe(`${server.https}/large.txt`, { version })).body).toMatchObject({ bytes: content.length, sha256: sha256(content) });
      const cut = await probe(`${server.https}/large.txt`, { version, max_body_bytes: 1000 });
      expect(cut).toMatchObject({ status: "warning", body: { bytes: 1000, sha256: null, truncated: true }, findings: [{ reason: "body_truncated" }] });
      const packed = await probe(`${server.https}/large.txt`, { version, compression: ["gzip"], expect: { body: { contains: "no play" } } });
      expect(packed).toMatchObject({ status: "ok", body: { decoded_bytes: content.length, sha256: sha256(content), content_encoding: "gzip" } });
      expect(packed.body?.bytes).toBeLessThan(content.length / 10);
    });

    test.each(["1.1", "2"] as const)("HEAD over HTTP/%s has no body", async (version) => {
      expect(await probe(`${server.https}/index.html`, { version, method: "HEAD" })).toMatchObject({
        status: "ok",
        hops: [{ status: 200 }],
        body: { bytes: 0 },
      });
    });

    test("a page that does not exist is an error, unless it is expected", async () => {
      expect(await probe(`${server.https}/no-such-page`)).toMatchObject({
        status: "error",
        failure: null,
        findings: [{ reason: "status_unexpected", actual: "404" }],
      });
      expect(await probe(`${server.https}/no-such-page`, { expect: { status: [404, 410] } })).toMatchObject({ status: "ok", findings: [] });
    });

    test("an untrusted certificate ends the run before the request is sent", async () => {
      const output = await probe(`${server.https}/index.html`, { tls: {} });
      expect(output).toMatchObject({
        status: "error",
        failure: { phase: "tls", code: "tls_certificate" },
        hops: [{ status: null, tls: { authorised: false, problems: ["incomplete_chain"] }, phases: { request_ms: null } }],
        body: null,
      });
      expect(await probe(`${server.https}/index.html`, { tls: { verify: "report" } })).toMatchObject({
        status: "warning",
        findings: [{ reason: "certificate_not_trusted" }],
      });
    });

    test("http: to the port of https: is reported as what it is", async () => {
      const output = await probe(`${server.https.replace("https:", "http:")}/`);
      expect(output.status).toBe("error");
    });

    test.each([
      ["a page", "/index.html", []],
      ["a large page", "/large.txt", []],
      ["a compressed page", "/large.txt", ["--compressed"]],
      ["a page that does not exist", "/nothing", []],
    ] as const)("%s is the same for curl: status, version, sizes and hash", async (_what, path, options) => {
      for (const origin of [server.http, server.https]) {
        const input: Input = { max_body_bytes: 10_000_000, expect: { status: { min: 100 } }, ...(options.length > 0 ? { compression: ["gzip"] } : {}) };
        const ours = await probe(`${origin}${path}`, input);
        const theirs = await curl(`${origin}${path}`, ...options);
        expect(ours.hops[0]).toMatchObject({ status: theirs.status, http_version: theirs.version });
        expect(ours.body).toMatchObject({ bytes: theirs.bytes, sha256: theirs.sha256 });
      }
    });

    test("the phases are the same for curl within 2 ms", async () => {
      for (const origin of [server.http, server.https]) await expectSameTimes(`${origin}/index.html`);
    }, 60_000);
  });
}

/** The shortest of each: what other programs on this machine do makes times longer, and never shorter. */
async function expectSameTimes(url: string): Promise<void> {
  const shortest = { connect: [Infinity, Infinity], first_byte: [Infinity, Infinity], body: [Infinity, Infinity] };
  const differs = (): string[] =>
    Object.entries(shortest).flatMap(([phase, [our, their]]) => (Math.abs((our as number) - (their as number)) < 2 ? [] : [`${phase}: ${our} and ${their}`]));
  for (let round = 0; round < 40 && (round < 5 || differs().length > 0); round++) {
    const { phases } = (await probe(url)).hops[0] as Output["hops"][number];
    const { connect, connected, tls, firstByte, total } = await curl(url);
    const note = (phase: keyof typeof shortest, our: number, their: number): void => {
      const [ourBest, theirBest] = shortest[phase] as [number, number];
      shortest[phase] = [Math.min(ourBest, our), Math.min(theirBest, their)];
    };
    note("connect", phases.connect_ms ?? 0, connect);
    note("first_byte", (phases.request_ms ?? 0) + (phases.first_byte_ms ?? 0), firstByte - (tls || connected));
    note("body", (phases.headers_ms ?? 0) + (phases.body_ms ?? 0), total - firstByte);
  }
  expect(differs(), url).toEqual([]);
}

realServer("webapp.http and redirects of nginx", ["nginx", "curl"], () => {
  let server: WebServer;
  beforeAll(async () => {
    server = await startNginx();
  });
  afterAll(() => server?.stop());

  test("every hop has its own phases and certificate", async () => {
    const output = await probe(`${server.http}/secure`);
    expect(output).toMatchObject({
      status: "ok",
      final_url: `${server.https}/index.html`,
      hops: [
        { status: 302, http_version: "1.1", tls: null, redirect: `${server.https}/index.html`, phases: { tls_ms: null } },
        { status: 200, http_version: "2", tls: { authorised: true }, redirect: null, phases: { tls_ms: expect.any(Number) } },
      ],
    });
    expect(await curl(`${server.http}/secure`, "-L")).toMatchObject({ status: 200, redirects: 1, bytes: output.body?.bytes, sha256: output.body?.sha256 });
  });

  test("none is followed if redirects are off", async () => {
    expect(await probe(`${server.http}/old`, { follow: false })).toMatchObject({
      status: "ok",
      hops: [{ status: 301, redirect: `${server.http}/index.html` }],
    });
  });

  test("a redirect to an address that is not public is refused and reported", async () => {
    const output = await probe(`${server.http}/metadata`);
    expect(output).toMatchObject({
      status: "error",
      failure: { phase: "redirect", code: "not_permitted", message: expect.stringContaining("169.254.169.254") },
      hops: [{ status: 302 }, { status: null, attempts: [] }],
    });
  });

  test("a circle ends", async () => {
    expect(await probe(`${server.http}/loop`)).toMatchObject({
      status: "error",
      failure: { phase: "redirect", code: "limit_exceeded" },
      hops: [{ status: 302 }],
    });
  });

  describe("credentials", () => {
    const auth = { username: "alice", password: "correct-horse" };

    test("log in", async () => {
      expect(await probe(`${server.http}/private`)).toMatchObject({ status: "error", hops: [{ status: 401 }] });
      expect(await probe(`${server.http}/private`, { auth })).toMatchObject({ status: "ok", hops: [{ status: 200 }] });
    });

    test("are in no output, also if the server sends them back", async () => {
      const output = await probe(`${server.http}/echo`, {
        auth,
        headers: { "X-One": { secret: "env:WEBAPP_HTTP_TEST" } },
        expect: { body: "nothing of the kind" },
      }).catch((error: unknown) => error);
      expect(output).toMatchObject({ code: "unresolved_secret" });
      process.env.WEBAPP_HTTP_TEST = "k3y-of-the-test";
      const echoed = await probe(`${server.http}/echo`, {
        auth,
        headers: { "X-One": { secret: "env:WEBAPP_HTTP_TEST" } },
        expect: { body: "nothing of the kind" },
      });
      delete process.env.WEBAPP_HTTP_TEST;
      expect(JSON.stringify(echoed)).toContain("GET [secret] Basic [secret]");
      expect(JSON.stringify(echoed)).not.toMatch(/k3y-of|correct-horse|YWxpY2U6/);
    });
  });
});
