import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { startHttpServer } from "../../../runner/lab/http-server.js";
import { startSmtpServer } from "../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { certificate, certificatePath } from "../../support/certificates.js";
import { freePorts } from "../../support/free-ports.js";
import { programPath } from "../../support/programs.js";
import { realServer } from "../../support/real-servers.js";
import { type RunningDaemon, runDaemon } from "../../support/run-daemon.js";
import { type Serving, scrape, startServing } from "./serving.js";

/** One configuration for both exporters. */
const CONFIGURATION = `
modules:
  http_2xx: { prober: http, timeout: 4s }
  http_404: { prober: http, timeout: 4s, http: { valid_status_codes: [404] } }
  http_stay: { prober: http, timeout: 4s, http: { follow_redirects: false, valid_status_codes: [301] } }
  http_post: { prober: http, timeout: 4s, http: { method: POST, body: '{"a":1}', headers: { Content-Type: application/json } } }
  http_body: { prober: http, timeout: 4s, http: { fail_if_body_not_matches_regexp: ["(?i)ALL is (well|fine)", "well\\\\.?"] } }
  http_no_body: { prober: http, timeout: 4s, http: { fail_if_body_matches_regexp: ["all is"] } }
  http_header: { prober: http, timeout: 4s, http: { fail_if_header_not_matches: [{ header: X-State, regexp: "^up$" }] } }
  http_no_header: { prober: http, timeout: 4s, http: { fail_if_header_matches: [{ header: X-State, regexp: "^up$", allow_missing: true }] } }
  http_version_2: { prober: http, timeout: 4s, http: { valid_http_versions: ["HTTP/2.0"], tls_config: { insecure_skip_verify: true } } }
  http_gzip: { prober: http, timeout: 4s, http: { compression: gzip, fail_if_body_not_matches_regexp: ["It works"] } }
  https_trusted: { prober: http, timeout: 4s, http: { fail_if_not_ssl: true, tls_config: { ca_file: AUTHORITY } } }
  https_careless: { prober: http, timeout: 4s, http: { tls_config: { insecure_skip_verify: true } } }
  http_plain_only: { prober: http, timeout: 4s, http: { fail_if_ssl: true, tls_config: { insecure_skip_verify: true } } }
  http_basic: { prober: http, timeout: 4s, http: { basic_auth: { username: ada, password: geheim } } }
  tcp_connect: { prober: tcp, timeout: 4s }
  tcp_tls: { prober: tcp, timeout: 4s, tcp: { tls: true, tls_config: { ca_file: AUTHORITY } } }
  tcp_banner: { prober: tcp, timeout: 2s, tcp: { query_response: [{ expect: "^220 ([^ ]+) ESMTP" }, { send: "NOOP $1\\r" }, { expect: "^250 " }] } }
  smtp_starttls:
    prober: tcp
    timeout: 4s
    tcp:
      tls_config: { insecure_skip_verify: true }
      query_response:
        - expect: "^220 "
        - send: "EHLO prober\\r"
        - expect: "^250[ -]STARTTLS"
        - send: "STARTTLS\\r"
        - expect: "^220"
        - starttls: true
        - send: "EHLO prober\\r"
        - expect: "^250 "
        - send: "QUIT\\r"
  dns_a: { prober: dns, timeout: 4s, dns: { query_name: web.example, query_type: A } }
  dns_tcp: { prober: dns, timeout: 4s, dns: { query_name: web.example, query_type: A, transport_protocol: tcp } }
  dns_missing: { prober: dns, timeout: 4s, dns: { query_name: nothing.example, query_type: A } }
  dns_nxdomain: { prober: dns, timeout: 4s, dns: { query_name: nothing.example, query_type: A, valid_rcodes: [NXDOMAIN] } }
  dns_soa: { prober: dns, timeout: 4s, dns: { query_name: example, query_type: SOA, recursion_desired: false } }
  dns_record: { prober: dns, timeout: 4s, dns: { query_name: web.example, query_type: A, validate_answer_rrs: { fail_if_not_matches_regexp: ["^web\\\\.example\\\\.\\t300\\tIN\\tA\\t192\\\\.0\\\\.2\\\\.80$"] } } }
  dns_wrong_record: { prober: dns, timeout: 4s, dns: { query_name: web.example, query_type: A, validate_answer_rrs: { fail_if_none_matches_regexp: ["192.0.2.81"] } } }
`;
const ZONE = "$ORIGIN example.\n$TTL 300\n@ SOA ns.example. hostmaster.example. 7 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\nweb A 192.0.2.80\n";

/** Which module against which server of the lab. */
const CASES: readonly (readonly [module: string, server: string, path?: string])[] = [
  ["http_2xx", "web"],
  ["http_2xx", "web", "/down"],
  ["http_2xx", "web", "/old"],
  ["http_2xx", "closed"],
  ["http_2xx", "broken"],
  ["http_404", "web", "/missing"],
  ["http_404", "web"],
  ["http_stay", "web", "/old"],
  ["http_stay", "web"],
  ["http_post", "web", "/post"],
  ["http_post", "web"],
  ["http_body", "web"],
  ["http_body", "web", "/empty"],
  ["http_no_body", "web"],
  ["http_no_body", "web", "/empty"],
  ["http_header", "web"],
  ["http_header", "web", "/empty"],
  ["http_no_header", "web"],
  ["http_no_header", "web", "/empty"],
  ["http_version_2", "web"],
  ["http_version_2", "secure"],
  ["http_gzip", "web", "/gzip"],
  ["http_2xx", "secure"],
  ["https_trusted", "secure"],
  ["https_trusted", "expired"],
  ["https_trusted", "wrongName"],
  ["https_trusted", "web"],
  ["https_careless", "expired"],
  ["http_plain_only", "secure"],
  ["http_plain_only", "web"],
  ["http_basic", "web", "/private"],
  ["http_2xx", "web", "/private"],
  ["tcp_connect", "smtp"],
  ["tcp_connect", "closed"],
  ["tcp_tls", "secureName"],
  ["tcp_tls", "smtp"],
  ["tcp_banner", "smtp"],
  ["tcp_banner", "silent"],
  ["smtp_starttls", "smtp"],
  ["dns_a", "dns"],
  ["dns_tcp", "dns"],
  ["dns_missing", "dns"],
  ["dns_nxdomain", "dns"],
  ["dns_soa", "dns"],
  ["dns_record", "dns"],
  ["dns_wrong_record", "dns"],
  ["dns_a", "closed"],
];

/** Metrics of theirs that we do not have, with the reason. */
const THEIRS_ALONE: Readonly<Record<string, string>> = {
  probe_dns_additional_rrs: "network.dns does not keep the additional section",
};

realServer("beside blackbox_exporter, with one configuration", ["prometheus-blackbox-exporter", "prometheus", "promtool"], () => {
  const closing: { close(): Promise<void> }[] = [];
  const servers: Record<string, string> = {};
  let theirs: RunningDaemon;
  let ours: Serving;

  beforeAll(async () => {
    await startLab(servers, closing);
    const configuration = CONFIGURATION.replaceAll("AUTHORITY", JSON.stringify(certificatePath("authority")));
    theirs = await runDaemon("blackbox", programPath("prometheus-blackbox-exporter") as string, (folder, port) => {
      writeFileSync(join(folder, "blackbox.yml"), configuration);
      return [`--config.file=${join(folder, "blackbox.yml")}`, `--web.listen-address=127.0.0.1:${port}`];
    });
    ours = await startServing(["--blackbox", join(theirs.folder, "blackbox.yml")]);
  });

  afterAll(async () => {
    await ours?.stop();
    await theirs?.stop();
    await Promise.all(closing.map((each) => each.close()));
  });

  const both = async (module = "", target = "") =>
    Promise.all([scrape(`http://127.0.0.1:${theirs.port}`, { module, target }), scrape(ours.address, { module, target })]);
  const targetOf = (server = "", path = ""): string => `${servers[server]}${path}`;

  test("nothing of the configuration is left out", () => {
    expect(ours.err()).not.toContain("is not served");
  });

  test.each(CASES)("%s against %s %s: the same probe_success", async (module = "", server = "", path = "") => {
    const [expected, actual] = await both(module, targetOf(server, path));
    expect(actual.samples.probe_success).toBe(expected.samples.probe_success);
  });

  test.each([
    ["http_2xx", "web"],
    ["https_trusted", "secure"],
    ["https_careless", "expired"],
    ["http_2xx", "closed"],
    ["tcp_connect", "smtp"],
    ["tcp_tls", "secureName"],
    ["tcp_banner", "smtp"],
    ["smtp_starttls", "smtp"],
    ["dns_soa", "dns"],
  ])("%s against %s: every metric of theirs, with the same labels and, where it is no time, the same value", async (module = "", server = "") => {
    const [expected, actual] = await both(module, targetOf(server));
    const differences = Object.entries(expected.samples).flatMap(([sample, value]) => {
      const name = sample.split("{")[0] as string;
      if (name in THEIRS_ALONE) return [];
      // Names of a certificate's holder are written in another order, and the cipher depends on the clients.
      const key =
        name === "probe_ssl_last_chain_info" || name === "probe_tls_cipher_info" ? Object.keys(actual.samples).find((each) => each.startsWith(name)) : sample;
      if (key === undefined || !(key in actual.samples)) return isOptional(name, value) ? [] : [`${sample} is missing`];
      return /duration|lookup_time/.test(name) || actual.samples[key] === value ? [] : [`${sample}: ${actual.samples[key]} instead of ${value}`];
    });
    expect(differences).toEqual([]);
  });

  test("a Prometheus that scrapes both with the same relabelling has the same probe_success of both", async () => {
    const targets = CASES.filter(([module]) => module === "http_2xx").map(([, server, path]) => targetOf(server, path));
    const job = (name: string, exporter: string): string => `
  - job_name: ${name}
    metrics_path: /probe
    params: { module: [http_2xx] }
    static_configs: [{ targets: ${JSON.stringify(targets)} }]
    relabel_configs:
      - { source_labels: [__address__], target_label: __param_target }
      - { source_labels: [__param_target], target_label: instance }
      - { target_label: __address__, replacement: "${exporter}" }`;
    const prometheus = await runDaemon("prometheus", programPath("prometheus") as string, (folder, port) => {
      const exporters = job("theirs", `127.0.0.1:${theirs.port}`) + job("ours", ours.address.slice("http://".length));
      writeFileSync(join(folder, "prometheus.yml"), `global: { scrape_interval: 1s, scrape_timeout: 1s }\nscrape_configs:${exporters}\n`);
      mkdirSync(join(folder, "data"));
      return [`--config.file=${join(folder, "prometheus.yml")}`, `--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`];
    });
    try {
      const query = async (expression: string): Promise<Record<string, string>> => {
        const response = await fetch(`http://127.0.0.1:${prometheus.port}/api/v1/query?${new URLSearchParams({ query: expression })}`);
        const { data } = (await response.json()) as { data?: { result: { metric: { instance: string }; value: [number, string] }[] } };
        return Object.fromEntries((data?.result ?? []).map(({ metric, value }) => [metric.instance, value[1]]));
      };
      const complete = async (): Promise<number> => Object.keys({ ...(await query('probe_success{job="ours"}')) }).length;
      await expect.poll(complete, { timeout: 12_000, interval: 200 }).toBe(targets.length);
      await expect.poll(async () => Object.keys(await query('probe_success{job="theirs"}')).length, { timeout: 12_000, interval: 200 }).toBe(targets.length);
      expect(await query('probe_success{job="ours"}')).toEqual(await query('probe_success{job="theirs"}'));
      expect(Object.values(await query('up{job="ours"}'))).toEqual(targets.map(() => "1"));
    } finally {
      await prometheus.stop();
    }
  }, 40_000);

  test("promtool check metrics is content with /probe and /metrics", async () => {
    const texts = await Promise.all(
      [`${ours.address}/probe?${new URLSearchParams({ module: "https_trusted", target: targetOf("secure") })}`, `${ours.address}/metrics`].map(async (url) =>
        (await fetch(url)).text(),
      ),
    );
    for (const text of texts) expect(await promtool(text)).toBe("");
  });
});

/** They give a time of 0 for a chain that is not verified, and this header's time if there is one. */
function isOptional(name: string, value: number): boolean {
  return name === "probe_ssl_last_chain_expiry_timestamp_seconds" && value < 0;
}

async function startLab(servers: Record<string, string>, closing: { close(): Promise<void> }[]): Promise<void> {
  const { gzipSync } = await import("node:zlib");
  const web = await startHttpServer((path, request) => {
    if (path === "/down") return { status: 503 };
    if (path === "/old") return { status: 301, headers: { location: "/" } };
    if (path === "/missing") return { status: 404 };
    if (path === "/empty") return {};
    if (path === "/post") return { status: request.method === "POST" ? 201 : 405 };
    if (path === "/private") return { status: request.headers.authorization === `Basic ${Buffer.from("ada:geheim").toString("base64")}` ? 200 : 401 };
    if (path === "/gzip") return { headers: { "content-encoding": "gzip" }, body: gzipSync("It works.") };
    const headers = { "x-state": "up", "last-modified": "Fri, 20 Nov 2026 02:41:46 GMT" };
    return request.method === "POST" ? { status: 405 } : { headers, body: "all is well\n" };
  });
  const secure = await startHttpServer(() => ({ body: "all is well\n" }), { certificate: certificate("localhost") });
  const expired = await startHttpServer(() => ({ body: "old\n" }), { certificate: certificate("expired") });
  const wrongName = await startHttpServer(() => ({ body: "other\n" }), { certificate: certificate("wrong-name") });
  const smtp = await startSmtpServer({ tls: "starttls" });
  const silent = await playTranscript("# A server that says nothing.\n@silence\n");
  const broken = await playTranscript("S: 220 this is no web server\n");
  const dns = await startDnsServer({ zones: [ZONE] });
  closing.push(web, secure, expired, wrongName, smtp, silent, broken, dns);
  const named = ({ origin }: { origin: string }): string => origin.replace("127.0.0.1", "localhost");
  const [closed] = await freePorts(1);
  Object.assign(servers, {
    web: web.origin,
    secure: named(secure),
    secureName: named(secure).slice("https://".length),
    expired: named(expired),
    wrongName: named(wrongName),
    smtp: `${smtp.host}:${smtp.port}`,
    silent: `${silent.host}:${silent.port}`,
    broken: `${broken.host}:${broken.port}`,
    dns: `127.0.0.1:${dns.port}`,
    closed: `127.0.0.1:${closed}`,
  });
}

function promtool(text: string): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(programPath("promtool") as string, ["check", "metrics"], (_error, stdout, stderr) => resolve(`${stdout}${stderr}`));
    child.stdin?.end(text);
  });
}
