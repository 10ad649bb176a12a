import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readBlackbox } from "../../../runner/serve/blackbox/read-config.js";
import type { Module } from "../../../runner/serve/module.js";
import { certificatePath, testAuthority } from "../../support/certificates.js";

const read = (text: string) => readBlackbox(join(process.cwd(), "blackbox.yml"), text);
const ASKED = { target: "www.example.org", hostname: null, timeoutMs: 4500 };

async function inputs(text: string, asked: { target?: string; hostname?: string } = {}): Promise<Record<string, unknown>[]> {
  const { modules, problems } = await read(`modules:\n  m:\n${text.replace(/^/gm, "    ")}`);
  expect(problems).toEqual([]);
  return [...(await (modules.get("m") as Module).inputs({ ...ASKED, ...asked }))];
}

describe("http", () => {
  test("defaults", async () => {
    expect(await inputs("prober: http")).toEqual([
      {
        url: "http://www.example.org",
        method: "GET",
        follow: true,
        headers: {},
        expect: { status: { min: 200, max: 299 } },
        tls: { verify: "require" },
        connect_timeout_ms: 4500,
        command_timeout_ms: 4500,
        address_family: "any",
      },
    ]);
  });

  test("everything that we can do", async () => {
    const [input] = await inputs(
      `prober: http
timeout: 2m30s
http:
  method: POST
  headers: { X-Number: 5, Host: vhost.example }
  http_headers: { Accept-Language: { values: [en] } }
  body: '{}'
  valid_status_codes: [200, 302]
  follow_redirects: false
  compression: gzip
  body_size_limit: 10KB
  enable_http2: false
  authorization: { credentials: geheim }
  fail_if_body_not_matches_regexp: [up, "ok.*done"]
  fail_if_body_matches_regexp: [down]
  preferred_ip_protocol: ip4
  ip_protocol_fallback: false
  skip_resolve_phase_with_proxy: false
  tls_config: { insecure_skip_verify: true, min_version: TLS13, ca_file: ${JSON.stringify(certificatePath("authority"))} }`,
      { target: "https://192.0.2.1/x" },
    );
    expect(input).toMatchObject({
      url: "https://192.0.2.1/x",
      method: "POST",
      follow: false,
      headers: { "X-Number": "5", Host: "vhost.example", "Accept-Language": "en" },
      body: "{}",
      compression: ["gzip"],
      max_body_bytes: 10_240,
      version: "1.1",
      auth: { token: "geheim" },
      expect: { status: [200, 302], body: { matches: "^(?=[^]*(?:up))(?=[^]*(?:ok[^\\n]*done))(?![^]*(?:down))" } },
      tls: { verify: "ignore", min_version: "TLSv1.3", servername: "vhost.example", ca: testAuthority() },
      address_family: "ipv4",
    });
  });

  test("hostname of the URL is the Host header and the name for TLS", async () => {
    const [input] = await inputs("prober: http", { target: "https://192.0.2.1", hostname: "a.example" });
    expect(input).toMatchObject({ headers: { Host: "a.example" }, tls: { servername: "a.example" } });
    await expect(inputs("prober: http\nhttp: { headers: { host: b.example } }", { hostname: "a.example" })).rejects.toThrow(/Host header of its own/);
  });

  test("a preferred family is tried first; an address has only one", async () => {
    const families = async (keys: string, target = "www.example.org") =>
      (await inputs(`prober: http\nhttp: { ${keys} }`, { target })).map(({ address_family }) => address_family);
    expect(await families("preferred_ip_protocol: ip4")).toEqual(["ipv4", "ipv6"]);
    expect(await families("preferred_ip_protocol: ip6")).toEqual(["ipv6", "ipv4"]);
    expect(await families("ip_protocol_fallback: false")).toEqual(["ipv6"]);
    expect(await families("preferred_ip_protocol: ip4", "http://[2001:db8::1]/")).toEqual(["ipv6"]);
  });
});

test("tcp: a conversation as steps", async () => {
  const text = `prober: tcp
tcp:
  tls_config: { insecure_skip_verify: true }
  query_response:
    - expect: "^220 (\\\\S+)"
    - send: "EHLO $1 $$5\\r"
      starttls: true
    - expect_bytes: "+OK"`;
  expect(await inputs(text, { target: "[2001:db8::7]:25", hostname: "mx.example" })).toEqual([
    {
      target_host: "2001:db8::7",
      target_port: 25,
      tls: { verify: "ignore", mode: "none", servername: "mx.example" },
      steps: [{ matches: "^220 ([^\\t\\n\\f\\r ]+)" }, { send: `EHLO $${"{1}"} $5\r\n` }, { start_tls: true }, { expect: "+OK" }],
      connect_timeout_ms: 4500,
      command_timeout_ms: 4500,
      address_family: "any",
    },
  ]);
  await expect(inputs("prober: tcp", { target: "mx.example.org" })).rejects.toThrow('"mx.example.org" is not HOST:PORT');
});

test("dns: one question to the target", async () => {
  const text = "prober: dns\ndns: { query_name: www.example.org., query_type: SOA, recursion_desired: false, valid_rcodes: [NOERROR, NXDOMAIN] }";
  expect(await inputs(text, { target: "192.0.2.53:5353" })).toEqual([
    {
      name: "www.example.org",
      types: ["SOA"],
      servers: ["192.0.2.53:5353"],
      transport: "udp",
      recursion: false,
      compare: false,
      edns_size: 0,
      tries: 1,
      query_timeout_ms: 4500,
      tls: { verify: "require", servername: "192.0.2.53" },
      expect: { rcode: { in: ["NOERROR", "NXDOMAIN"] } },
    },
  ]);
});

test("icmp: one packet", async () => {
  expect(await inputs("prober: icmp\nicmp: { payload_size: 100, ttl: 3, dont_fragment: true }", { target: "[::1]" })).toEqual([
    { target_host: "::1", count: 1, size: 100, ttl: 3, dont_fragment: true, packet_timeout_ms: 4500, connect_timeout_ms: 4500, address_family: "any" },
  ]);
});

test("any built-in probe, with an input", async () => {
  const text = "prober: network.smtp@2\ninput: { tls: { mode: starttls } }";
  expect(await inputs(text, { target: "mx.example.org:587" })).toEqual([{ tls: { mode: "starttls" }, target_host: "mx.example.org", target_port: 587 }]);
});

describe("an unsupported setting is reported with its line, and only its module is left out", () => {
  const BROKEN = `modules:
  good: { prober: tcp }
  proxy:
    prober: http
    http:
      proxy_url: http://127.0.0.1:3128
      method: GET
  misspelt:
    prober: http
    htpt: {}
    http:
      valid_status_codes: 200
  pattern:
    prober: tcp
    tcp:
      query_response:
        - send: x
        - expect: "(a+)+$"
  grpc: { prober: grpc }
  slow: { prober: icmp, timeout: 5 seconds }
  nameless: { prober: dns }
  method: { prober: http, http: { method: BREW } }
  mail: { prober: mail.send }
  mail2: { prober: network.smtp, input: { send_message: { mail_from: a@b.example } } }
  nobody: { prober: network.smtpp }
  empty:
`;

  test("every problem", async () => {
    const { modules, problems } = await read(BROKEN);
    expect([...modules.keys()]).toEqual(["good"]);
    expect(problems.map(({ module, line, message }) => `${line} ${module}: ${message}`)).toEqual([
      "6 proxy: http.proxy_url is not supported",
      "12 misspelt: valid_status_codes must be a list of whole numbers",
      expect.stringMatching(/^18 pattern: expect "\(a\+\)\+\$" cannot be used: /),
      "19 grpc: the prober grpc is not supported: there are http, tcp, dns, icmp, and any probe such as network.smtp",
      '20 slow: timeout must be a duration such as 5s, not "5 seconds"',
      "21 nameless: query_name is required",
      expect.stringMatching(/^22 method: method: /),
      "23 mail: a module may not send mail",
      "24 mail2: a module may not send mail",
      expect.stringMatching(/^25 nobody: there is no probe called "network\.smtpp"/),
      "26 empty: prober is required",
    ]);
  });

  test.each(["", "modules: []", "- a", "modules: { a: { prober: tcp }", "a: *b"])("%j is no configuration", async (text) => {
    await expect(read(text)).rejects.toMatchObject({ name: "SuiteError" });
  });
});
