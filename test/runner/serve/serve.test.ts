import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { certificate, certificatePath } from "../../support/certificates.js";
import { realServer } from "../../support/real-servers.js";
import { probeRun } from "../cli/command-line.js";
import { getAs, type Serving, scrape, startServing } from "./serving.js";

const folder = mkdtempSync(join(tmpdir(), "probe-run-serve-"));
const closing: { close(): Promise<void> }[] = [];
let web: string;
let expired: string;
let silent: string;
let smtp: string;

beforeAll(async () => {
  const site = await startHttpServer((path) => (path === "/down" ? { status: 503 } : { body: "all is well\n", headers: { "x-state": "up" } }));
  const old = await startHttpServer(() => ({ body: "old\n" }), { certificate: certificate("expired") });
  const mute = await playTranscript("# A server that says nothing.\n@silence\n");
  const mail = await startSmtpServer();
  closing.push(site, old, mute, mail);
  [web, expired, silent, smtp] = [site.origin, old.origin.replace("127.0.0.1", "localhost"), `${mute.host}:${mute.port}`, `${mail.host}:${mail.port}`];
});

afterAll(async () => {
  await Promise.all(closing.map((each) => each.close()));
  rmSync(folder, { recursive: true });
});

describe("without a configuration", () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await startServing([]);
    // The first start loads every probe's module.
  }, 120_000);
  afterAll(() => serving.stop());

  test("a target that is ok, and one that is not: 200, and probe_success differs", async () => {
    const fine = await scrape(serving.address, { target: `${web}/` });
    expect(fine).toMatchObject({ status: 200, type: "text/plain; version=0.0.4; charset=utf-8" });
    expect(fine.samples).toMatchObject({ probe_success: 1, probe_http_status_code: 200, probe_ip_protocol: 4, probe_timeout_seconds: 119.5 });
    const down = await scrape(serving.address, { target: `${web}/down`, module: "http_2xx" });
    expect(down.samples).toMatchObject({ probe_success: 0, probe_http_status_code: 503, 'probe_status{status="error"}': 1 });
  });

  test("a target without a scheme is http://", async () => {
    expect((await scrape(serving.address, { target: web.slice("http://".length) })).samples.probe_success).toBe(1);
  });

  test("every probe under its name: operations, codes, why it failed", async () => {
    const fine = await scrape(serving.address, { target: smtp, module: "network.smtp" });
    expect(fine.samples).toMatchObject({ probe_success: 1, 'probe_operation_code{operation="greeting"}': 220 });
    const refused = await scrape(serving.address, { target: "127.0.0.1:9", module: "network.smtp" });
    expect(refused.samples).toMatchObject({ probe_success: 0, 'probe_failure_info{phase="connect",code="refused"}': 1 });
  });

  test("a certificate that has expired keeps its expiry", async () => {
    const { samples } = await scrape(serving.address, { target: expired });
    expect(samples.probe_success).toBe(0);
    expect(samples.probe_ssl_earliest_cert_expiry).toBeGreaterThan(1e9);
    expect(samples.probe_ssl_earliest_cert_expiry).toBeLessThan(Date.now() / 1000);
  });

  test("the deadline is the scrape's timeout less half a second", async () => {
    const { samples } = await scrape(serving.address, { target: silent, module: "network.smtp" }, { "X-Prometheus-Scrape-Timeout-Seconds": "0.8" });
    expect(samples).toMatchObject({ probe_success: 0, probe_timeout_seconds: 0.3, 'probe_failure_info{phase="greeting",code="timeout"}': 1 });
    expect(samples.probe_duration_seconds).toBeLessThan(5);
  });

  test.each([
    [{ module: "http_2xx" }, 400, "the parameter target is missing"],
    [{ target: "x", module: "nope" }, 400, 'there is no module "nope"'],
    [{ target: "x", module: "mail.send" }, 400, 'there is no module "mail.send"'],
    [{ target: `http://${"x".repeat(3000)}` }, 400, "the target is longer than 2048 characters"],
  ])("%j: %d", async (parameters, status, text) => {
    expect(await scrape(serving.address, parameters as unknown as Record<string, string>)).toMatchObject({ status, text: `${text}\n` });
  });

  test("a timeout that is no number: 500", async () => {
    expect((await scrape(serving.address, { target: web }, { "X-Prometheus-Scrape-Timeout-Seconds": "soon" })).status).toBe(500);
  });

  test("a target that cannot be one is a failed probe", async () => {
    for (const target of ["http://a b/", "http://x:99999", "127.0.0.1:25\r\nQUIT"]) {
      const { status, samples } = await scrape(serving.address, { target });
      expect({ status, success: samples.probe_success }).toEqual({ status: 200, success: 0 });
    }
    expect((await scrape(serving.address, { target: "mx.example.org", module: "tcp_connect" })).samples.probe_success).toBe(0);
  });

  test("debug=true: the conversation, and the metrics as text", async () => {
    const { type, text } = await scrape(serving.address, { target: smtp, module: "network.smtp", debug: "true" });
    expect(type).toBe("text/plain; charset=utf-8");
    expect(text).toMatch(/received: 220 /);
    expect(text).toContain("It succeeded.");
    expect(text).toContain("\nprobe_success 1\n");
  });

  test("/metrics counts what was probed; /healthz is ok; anything else is not there", async () => {
    const metrics = await (await fetch(`${serving.address}/metrics`)).text();
    expect(metrics).toMatch(/^probe_run_serve_probes_total\{module="network.smtp",result="success"\} \d+$/m);
    expect(metrics).toMatch(/^blackbox_module_unknown_total 2$/m);
    expect(metrics).toMatch(/^probe_run_serve_running 0$/m);
    expect((await fetch(`${serving.address}/healthz`)).status).toBe(200);
    expect((await fetch(`${serving.address}/config`)).status).toBe(404);
    expect((await fetch(`${serving.address}/probe`, { method: "POST" })).status).toBe(405);
  });
});

test("a client that goes away ends its probe", async () => {
  const serving = await startServing([]);
  const leaving = new AbortController();
  const asked = fetch(`${serving.address}/probe?module=network.smtp&target=${silent}`, { signal: leaving.signal }).catch(() => null);
  const running = async (): Promise<string | undefined> => /running (\d)$/m.exec(await (await fetch(`${serving.address}/metrics`)).text())?.[1];
  await expect.poll(running, { timeout: 10_000 }).toBe("1");
  leaving.abort();
  await asked;
  await expect.poll(running, { timeout: 10_000 }).toBe("0");
  expect(await serving.stop()).toBe(0);
});

test("more probes than the limit are refused", async () => {
  const serving = await startServing(["--concurrency", "1"]);
  const first = scrape(serving.address, { target: silent, module: "network.smtp" }, { "X-Prometheus-Scrape-Timeout-Seconds": "2" });
  await expect.poll(async () => (await scrape(serving.address, { target: web })).status, { timeout: 1400 }).toBe(503);
  expect((await first).status).toBe(200);
  await serving.stop();
});

describe("--allow-target and --deny-private", () => {
  test("a target that is not allowed is not connected to", async () => {
    const serving = await startServing(["--deny-private"]);
    const { status, samples } = await scrape(serving.address, { target: web });
    expect(status).toBe(200);
    expect(samples).toMatchObject({ probe_success: 0 });
    expect(Object.keys(samples).find((name) => name.startsWith("probe_failure_info"))).toContain('code="not_permitted"');
    await serving.stop();
  });

  test("an allowed one is", async () => {
    const serving = await startServing(["--allow-target", "127.0.0.0/8", "--deny-private"]);
    expect((await scrape(serving.address, { target: web })).samples.probe_success).toBe(1);
    await serving.stop();
  });
});

describe("--blackbox", () => {
  const file = join(folder, "blackbox.yml");

  test("is read again when it changes; one that is wrong changes nothing", async () => {
    writeFileSync(file, "modules:\n  first: { prober: http }\n  later: { prober: grpc }\n");
    const serving = await startServing(["--blackbox", "blackbox.yml"], folder);
    expect(serving.err()).toContain("blackbox.yml:3:20: the prober grpc is not supported");
    expect(await scrape(serving.address, { target: web, module: "later" })).toMatchObject({
      status: 400,
      text: expect.stringMatching(/^the module "later" is not served: line 3: the prober grpc is not supported/),
    });
    expect((await scrape(serving.address, { target: web, module: "first" })).samples.probe_success).toBe(1);

    writeFileSync(file, "modules: [\n");
    const metrics = async (): Promise<string> => (await fetch(`${serving.address}/metrics`)).text();
    await expect.poll(metrics, { timeout: 10_000 }).toMatch(/config_last_reload_successful 0$/m);
    expect((await scrape(serving.address, { target: web, module: "first" })).samples.probe_success).toBe(1);

    writeFileSync(file, "modules:\n  second: { prober: http }\n");
    await expect.poll(metrics, { timeout: 10_000 }).toMatch(/config_last_reload_successful 1$/m);
    expect((await scrape(serving.address, { target: web, module: "second" })).samples.probe_success).toBe(1);
    expect((await scrape(serving.address, { target: web, module: "first" })).status).toBe(400);
    await serving.stop();
  });

  test("a file that is not there, or no configuration: exit 2", async () => {
    expect(await probeRun(["serve", "--blackbox", "nowhere.yml"], { cwd: folder })).toMatchObject({ code: 2, out: "" });
    writeFileSync(join(folder, "wrong.yml"), "modules: {a: {\n");
    const { code, err } = await probeRun(["serve", "--blackbox", "wrong.yml"], { cwd: folder });
    expect(code).toBe(2);
    expect(err).toContain("is not a configuration of blackbox_exporter");
  });

  test("a password in it is not in the debug text", async () => {
    writeFileSync(file, "modules:\n  m: { prober: http, http: { basic_auth: { username: ada, password: geheim } } }\n");
    const serving = await startServing(["--blackbox", file]);
    const { text, samples } = await scrape(serving.address, { target: web, module: "m", debug: "true" });
    expect(samples.probe_success).toBe(1);
    expect(text).not.toMatch(/geheim|YWRhOmdlaGVpbQ/);
    await serving.stop();
  });

  test("trusts the authority of ca_file, and takes hostname for the certificate", async () => {
    const secure = await startHttpServer(() => ({ body: "x" }), { certificate: certificate("localhost") });
    closing.push(secure);
    writeFileSync(file, `modules:\n  m: { prober: http, http: { tls_config: { ca_file: ${JSON.stringify(certificatePath("authority"))} } } }\n`);
    const serving = await startServing(["--blackbox", file]);
    const target = secure.origin.replace("127.0.0.1", "localhost");
    expect((await scrape(serving.address, { target, module: "m" })).samples).toMatchObject({ probe_success: 1, probe_http_ssl: 1 });
    expect((await scrape(serving.address, { target: secure.origin, module: "m", hostname: "localhost" })).samples.probe_success).toBe(1);
    await serving.stop();
  });
});

realServer("icmp", ["ping"], () => {
  test("one packet to this machine", async () => {
    const serving = await startServing([]);
    const { samples } = await scrape(serving.address, { target: "127.0.0.1", module: "icmp" });
    expect(samples).toMatchObject({ probe_success: 1, 'probe_icmp_duration_seconds{phase="setup"}': 0 });
    await serving.stop();
  });
});

test("a page whose name leads to this machine gets nothing, and no probe is run for it; a name of its own is given by --server-name", async () => {
  const path = `/probe?${new URLSearchParams({ target: silent, module: "tcp_connect" })}`;
  const serving = await startServing([]);
  expect(await getAs("attacker.example", `${serving.address}${path}`)).toEqual({
    status: 421,
    text: 'this server is not served as "attacker.example": if that is a name of its own, start it with --server-name NAME\n',
  });
  expect(await (await fetch(`${serving.address}/metrics`)).text()).not.toContain("probe_run_serve_probes_total{");
  await serving.stop();
  const named = await startServing(["--server-name", "Probes.example.org"]);
  const statuses = ["probes.example.org", "attacker.example", "localhost"].map(async (host) => (await getAs(host, `${named.address}${path}`)).status);
  expect(await Promise.all(statuses)).toEqual([200, 421, 200]);
  await named.stop();
  await expect(startServing(["--server-name", "https://probes.example.org/"])).rejects.toThrow("--server-name takes a host name");
});

describe("with a suite", () => {
  const check = "{ probe: network.tcp, name: gone, input: { target_host: 127.0.0.1, target_port: 1 } }";
  const folder = mkdtempSync(join(tmpdir(), "probe-run-serve-suite-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, page: string): void => writeFileSync(join(folder, name), `name: both\nwatch: { every: 1s${page} }\nchecks: [${check}]\n`);

  test("the status page, the API, badges and events are beside /probe, and /metrics has both", async () => {
    write("open.yaml", "");
    const serving = await startServing(["open.yaml", "--history", "open.db"], folder);
    const get = (path: string): Promise<Response> => fetch(`${serving.address}${path}`);
    await expect.poll(async () => (await get("/metrics")).text()).toContain('probe_run_watch_check_up{suite="both",check="network.tcp gone"} 0');
    expect(await (await get("/")).text()).toContain("network.tcp gone");
    const { checks } = (await (await get("/api/v1/checks")).json()) as { checks: { key: string }[] };
    expect((await get(`/badge/${checks[0]?.key}.svg`)).headers.get("content-type")).toBe("image/svg+xml");
    const { body } = await get("/events");
    expect(new TextDecoder().decode((await body?.getReader().read())?.value)).toContain("event: ready");
    expect((await scrape(serving.address, { target: "127.0.0.1:1", module: "tcp_connect" })).samples).toMatchObject({ probe_success: 0 });
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toContain('probe_run_serve_probes_total{module="tcp_connect",result="failure"} 1');
    const names = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(await serving.stop()).toBe(0);
  });

  test("the name of a request counts where nothing else protects the answer: not for a heartbeat's token, nor with a login", async () => {
    const token = "token-of-a-job-that-reports";
    const heartbeats = `, heartbeats: [{ name: job, every: 1h, token: ${token} }]`;
    write("named.yaml", heartbeats);
    write("login.yaml", `${heartbeats}, page: { tokens: [token-of-the-test] }`);
    const statuses = async (words: string[], host: string): Promise<unknown[]> => {
      const serving = await startServing(words, folder);
      const paths = ["/", "/api/v1/checks", "/metrics", "/healthz", `/heartbeat/${token}`];
      const answers = await Promise.all(paths.map((path) => getAs(host, `${serving.address}${path}`, { authorization: "Bearer token-of-the-test" })));
      await serving.stop();
      return answers.map(({ status }) => status);
    };
    expect(await statuses(["named.yaml", "--history", "named.db"], "attacker.example")).toEqual([421, 421, 421, 421, 200]);
    expect(await statuses(["named.yaml", "--history", "named.db", "--server-name", "status.example.org"], "status.example.org")).toEqual(
      new Array(5).fill(200),
    );
    expect(await statuses(["login.yaml", "--history", "login.db"], "status.example.org")).toEqual(new Array(5).fill(200));
    expect(await statuses(["login.yaml", "--history", "login.db", "--server-name", "status.example.org"], "attacker.example")).toEqual([
      421, 421, 421, 421, 200,
    ]);
  });

  test("with a login, /probe is for operators; a public page without a login is refused", async () => {
    write("closed.yaml", ", page: { tokens: [token-of-the-test] }");
    const serving = await startServing(["closed.yaml", "--history", "closed.db", "--public"], folder);
    const query = "/probe?target=127.0.0.1:1&module=tcp_connect";
    expect((await fetch(`${serving.address}${query}`)).status).toBe(401);
    expect((await fetch(`${serving.address}${query}`, { headers: { authorization: "Bearer token-of-the-test" } })).status).toBe(200);
    expect((await fetch(`${serving.address}/`)).status).toBe(200);
    await serving.stop();
    await expect(startServing(["open.yaml", "--history", "open.db", "--public"], folder)).rejects.toThrow("--public needs a login in watch.page");
    await expect(startServing(["--history", "open.db"], folder)).rejects.toThrow("--history needs a suite");
  });
});
