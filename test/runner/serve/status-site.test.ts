import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { badge } from "../../../runner/report/badge.js";
import { ExportFolder } from "../../../runner/serve/status/export-files.js";
import type { ChecksAnswer, IncidentsAnswer } from "../../../schemas/status-api.js";
import { certificatePath } from "../../support/certificates.js";
import { startSwitch, startWatching, type Watching } from "../watch/watching.js";

const TOKEN = { authorization: "Bearer token-of-the-test" };
let folder: string;
let site: Awaited<ReturnType<typeof startSwitch>>;
let open: Watching;
let closed: Watching;
let checks: ChecksAnswer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "probe-run-status-"));
  site = await startSwitch();
  site.down.add("/back");
  const lines = ["front", "back"].map((name) => `  - { probe: webapp.http, name: "${name} <&>", targets: [www], input: { url: "${site.origin}/${name}" } }`);
  const suite = (page: string): string => `name: sites\nwatch: { every: 1s, fire_after: 2 ${page} }\ntargets: { www: {} }\nchecks:\n${lines.join("\n")}\n`;
  writeFileSync(join(folder, "open.yaml"), suite(""));
  writeFileSync(join(folder, "closed.yaml"), suite(", page: { tokens: [token-of-the-test], users: { ops: password-of-the-test } }"));
  open = await startWatching("open.yaml", folder, ["--history", "open.db", "--export", "pages"]);
  closed = await startWatching("closed.yaml", folder, ["--history", "closed.db", "--public"]);
  await vi.waitFor(
    async () => {
      const { incidents } = (await (await fetch(`${open.address}/api/v1/incidents`)).json()) as IncidentsAnswer;
      expect(incidents).toHaveLength(1);
    },
    { timeout: 50_000, interval: 100 },
  );
  checks = (await (await fetch(`${open.address}/api/v1/checks`)).json()) as ChecksAnswer;
}, 60_000);

afterAll(async () => {
  await Promise.all([open?.stop(), closed?.stop()]);
  await site.close();
  rmSync(folder, { recursive: true });
});

const body = async (path: string, headers: Record<string, string> = {}): Promise<string> => (await fetch(`${closed.address}${path}`, { headers })).text();

describe("the description of the API", () => {
  test("each of its paths answers, and each answer fits its schema", async () => {
    const description = (await (await fetch(`${open.address}/api/v1/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<
        string,
        { get: { parameters?: { in: string; name: string; required?: boolean }[]; responses: Record<string, { content: Record<string, { schema: object }> }> } }
      >;
    };
    expect(description.openapi).toBe("3.1.0");
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    const key = checks.checks[0]?.key as string;
    for (const [path, { get }] of Object.entries(description.paths)) {
      const query = get.parameters?.some(({ name }) => name === "check") ? `?check=${key}` : "";
      const gone = new AbortController();
      const response = await fetch(`${open.address}${path.replace("{key}", key)}${query}`, { signal: gone.signal });
      expect(response.status, path).toBe(200);
      const [type, content] = Object.entries(get.responses["200"]?.content ?? {})[0] as [string, { schema: object }];
      expect(response.headers.get("content-type")?.split(";")[0], path).toBe(type);
      if (type === "application/json") {
        const answer = await response.json();
        const isValid = ajv.compile(content.schema);
        expect(isValid(answer) || isValid.errors, path).toBe(true);
      }
      gone.abort();
    }
  });

  test("results are the newest first, and wrong parameters are refused", async () => {
    const key = checks.checks[0]?.key as string;
    const answer = (await (await fetch(`${open.address}/api/v1/results?check=${key}&limit=2`)).json()) as {
      results: { time: string; outcome: string; duration_ms: number }[];
    };
    expect(answer.results).toHaveLength(2);
    const [first, second] = answer.results;
    expect((first?.time ?? "") > (second?.time ?? "")).toBe(true);
    expect(first).toMatchObject({ outcome: "error", duration_ms: expect.any(Number) });
    const older = (await (await fetch(`${open.address}/api/v1/results?check=${key}&before=${second?.time}&limit=1`)).json()) as { results: { time: string }[] };
    for (const { time } of older.results) expect(time < (second?.time ?? "")).toBe(true);
    for (const [query, status] of [
      ["check=0", 404],
      [`check=${key}&limit=0`, 400],
      [`check=${key}&limit=1001`, 400],
      [`check=${key}&before=soon`, 400],
    ] as const)
      expect((await fetch(`${open.address}/api/v1/results?${query}`)).status, query).toBe(status);
  });
});

describe("a login", () => {
  test("what is public has names and states, and no targets, probes, reasons or durations", async () => {
    const key = checks.checks[0]?.key as string;
    for (const path of ["/", `/check/${key}`, "/api/v1/checks", `/api/v1/checks/${key}`, "/api/v1/incidents", `/api/v1/results?check=${key}`]) {
      const text = await body(path);
      // A moment may have 503 milliseconds.
      expect(text, path).not.toMatch(/(?<!\.)\b503\b|127\.0\.0\.1|"probe":"|"target":"|"reason":"|"duration_ms":\d|Envelope|Percentiles/);
    }
    expect(await body("/")).toContain('<a href="login">Log in</a>');
  });

  test("operators see everything, by token or password", async () => {
    const password = { authorization: `Basic ${Buffer.from("ops:password-of-the-test").toString("base64")}` };
    const key = checks.checks[0]?.key as string;
    await expect.poll(() => body(`/check/${key}`, TOKEN)).toContain("Envelope of the last run");
    expect(await body("/", password)).not.toContain("Log in");
    expect((await fetch(`${closed.address}/login`, { headers: password, redirect: "manual" })).headers.get("location")).toBe("./");
    expect((await fetch(`${closed.address}/metrics`, { headers: TOKEN })).status).toBe(200);
  });

  test("is asked for at /login and /metrics; wrong credentials are refused; /healthz is open", async () => {
    for (const path of ["/login", "/metrics"]) {
      const response = await fetch(`${closed.address}${path}`);
      expect(response.status).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe('Basic realm="probe-run", charset="UTF-8"');
    }
    expect((await fetch(`${closed.address}/`, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
    expect((await fetch(`${closed.address}/healthz`)).status).toBe(200);
  });

  test("without TLS a login is refused on an address of the network; with TLS it is served", async () => {
    await expect(startWatching("closed.yaml", folder, ["--history", "x.db", "--listen", "0.0.0.0:0"])).rejects.toThrow("needs TLS");
    const words = ["--history", "tls.db", "--tls-cert", certificatePath("localhost"), "--tls-key", certificatePath("localhost", "key.pem")];
    const watching = await startWatching("closed.yaml", folder, [...words, "--listen", "0.0.0.0:0"], /serving (https:\/\/\S+)\/metrics\n/);
    expect(watching.address).toMatch(/^https:/);
    expect(await watching.stop()).toBe(0);
  });
});

describe("server-sent events", () => {
  test("tell of a check whose state changes; a client beyond the limit is refused", async () => {
    const gone = new AbortController();
    const response = await fetch(`${open.address}/events`, { signal: gone.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toContain('event: ready\ndata: {"suite":"sites"}');
    site.down.delete("/back");
    let text = "";
    while (!text.includes("\n\n")) text += (await reader.read()).value;
    expect(text).toMatch(/^event: check\ndata: \{"key":"[0-9a-f]{16}","name":"www webapp\.http back <&>".*"outcome":"ok"/);
    const many = await Promise.all(Array.from({ length: 32 }, () => fetch(`${open.address}/events`, { signal: gone.signal })));
    expect(many.map(({ status }) => status).filter((status) => status === 503)).toHaveLength(1);
    gone.abort();
    await expect.poll(async () => (await fetch(`${open.address}/events`, { method: "HEAD" })).status).toBe(200);
  });
});

describe("badges", () => {
  test("say the state in words, and no name is markup", () => {
    const hostile = '</text><script>"\u202e';
    const picture = badge(hostile, "error");
    expect(picture).not.toMatch(/<script|\u202e/);
    expect(picture).toContain("&lt;script&gt;");
    expect(picture).toContain(">error</text>");
    expect(badge("x".repeat(500), "ok").length).toBeLessThan(2500);
  });

  test("are served with a policy that loads nothing", async () => {
    const response = await fetch(`${open.address}/badge/${checks.checks[0]?.key}.svg`);
    expect(response.headers.get("content-security-policy")).toBe("default-src 'none'");
    expect(await response.text()).toContain("www webapp.http back &lt;&amp;&gt;");
    expect((await fetch(`${open.address}/badge/${checks.checks[0]?.key}`)).status).toBe(404);
  });
});

describe("--export", () => {
  const key = "0123456789abcdef";

  test("writes the overview, a page and a badge of each check, with links between the files", async () => {
    const pages = join(folder, "pages");
    expect(readdirSync(pages).sort()).toEqual([".probe-run-export", "badge", "check", "index.html"]);
    const hrefs = [...readFileSync(join(pages, "index.html"), "utf8").matchAll(/<a class="name" href="([^"]+)"/g)].map(([, href]) => href as string);
    expect(hrefs).toHaveLength(2);
    for (const href of hrefs) expect(readFileSync(join(pages, href), "utf8")).toContain('href="../index.html"');
  });

  test("a folder with files of others is refused, and nothing in it changes", async () => {
    const own = mkdtempSync(join(tmpdir(), "probe-run-own-"));
    writeFileSync(join(own, "index.html"), "mine");
    await expect(ExportFolder.open(own)).rejects.toThrow("cannot be used for --export");
    expect(readdirSync(own)).toEqual(["index.html"]);
    rmSync(own, { recursive: true });
  });

  test("in a folder of an earlier export, old pages go, and a file or link that no export wrote stays", async () => {
    const own = join(mkdtempSync(join(tmpdir(), "probe-run-own-")), "new");
    await (await ExportFolder.open(own)).write(
      new Map([
        ["index.html", "one"],
        [`check/${key}.html`, "two"],
      ]),
    );
    writeFileSync(join(own, "notes.txt"), "mine");
    const again = await ExportFolder.open(own);
    await again.write(new Map([["index.html", "three"]]));
    expect(readFileSync(join(own, "index.html"), "utf8")).toBe("three");
    expect(readdirSync(join(own, "check"))).toEqual([]);
    writeFileSync(join(own, "target"), "mine");
    symlinkSync(join(own, "target"), join(own, "badge", `${key}.svg`));
    await expect(again.write(new Map([[`badge/${key}.svg`, "x"]]))).rejects.toThrow("cannot be used for --export");
    expect(readFileSync(join(own, "target"), "utf8")).toBe("mine");
    expect(readFileSync(join(own, "notes.txt"), "utf8")).toBe("mine");
    rmSync(own, { recursive: true });
  });
});
