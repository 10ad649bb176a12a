import { afterAll, beforeAll, describe, expect, test } from "vitest";
import lab from "../../../probes/webapp.security/lab.js";
import type { Page } from "../../../probes/webapp.security/rules/rule.js";
import { judgePage } from "../../../probes/webapp.security/rules.js";
import type { newest } from "../../../probes/webapp.security/schema.js";
import type { RunningLab } from "../../../runner/harness/define-lab.js";
import { run } from "../../../runner/harness/run.js";
import type { Field } from "../../../runner/net/http/message.js";
import type { FilledOf } from "../../../schemas/contract.js";

const PAGE: Page = {
  url: new URL("https://example.org/"),
  fields: [],
  html: "",
  plain: { status: 301, location: "https://example.org/" },
  cors: [],
  foreignOrigin: "https://origin.example",
  scan: null,
  securityTxt: null,
};

const TXT = { status: 200, type: "text/plain; charset=utf-8", text: "Contact: mailto:a@example.org\nExpires: 2099-01-01T00:00:00Z\n" };

const resultOf = (rule: string, page: Partial<Page>): string | undefined => judgePage({ ...PAGE, ...page }).find((each) => each.rule === rule)?.result;
const HSTS = "strict-transport-security";
const CSP = "content-security-policy";
const AGE = "max-age=31536000";

/** Written from the standards: RFC 6797, hstspreload.org, CSP 3, RFC 6265bis, Fetch, Referrer Policy. */
describe("header fields", () => {
  test.each<[rule: string, fields: Field[], result: string]>([
    ["hsts", [], "warning"],
    ["hsts", [[HSTS, AGE]], "pass"],
    ["hsts", [[HSTS, 'MAX-AGE = "31536000" ; includeSubDomains']], "pass"],
    ["hsts", [[HSTS, "max-age=0"]], "error"],
    ["hsts", [[HSTS, "max-age=300"]], "warning"],
    ["hsts", [[HSTS, "includeSubDomains"]], "error"],
    ["hsts", [[HSTS, `${AGE}, ${AGE}`]], "error"],
    // RFC 6797, section 8.1: only the first field counts.
    [
      "hsts",
      [
        [HSTS, AGE],
        [HSTS, "max-age=0"],
      ],
      "pass",
    ],
    ["hsts", [[HSTS, `${AGE}; includeSubDomains; preload`]], "pass"],
    ["hsts", [[HSTS, `${AGE}; preload`]], "warning"],
    ["hsts", [[HSTS, "max-age=20000000; includeSubDomains; preload"]], "warning"],
    ["content_security_policy", [], "warning"],
    ["content_security_policy", [["content-security-policy-report-only", "default-src 'self'"]], "warning"],
    ["content_security_policy", [[CSP, "default-src 'self'"]], "pass"],
    ["content_security_policy", [[CSP, "default-src 'self' 'unsafe-inline'"]], "warning"],
    ["content_security_policy", [[CSP, "script-src *; object-src 'none'"]], "warning"],
    ["content_security_policy", [[CSP, "script-src 'nonce-abc' 'unsafe-inline' https: 'strict-dynamic'; object-src 'none'; base-uri 'none'"]], "pass"],
    ["content_security_policy", [[CSP, "script-src 'nonce-abc' https:; object-src 'none'; base-uri 'none'"]], "warning"],
    ["content_security_policy", [[CSP, "img-src 'self'"]], "warning"],
    // Both are enforced: the strict one is enough.
    [
      "content_security_policy",
      [
        [CSP, "script-src *"],
        [CSP, "default-src 'self'"],
      ],
      "pass",
    ],
    // The first directive of a name counts.
    ["content_security_policy", [[CSP, "default-src *; default-src 'self'"]], "warning"],
    ["content_security_policy", [[CSP, "frame-ancestors 'none'"]], "warning"],
    ["framing", [], "warning"],
    ["framing", [["x-frame-options", "DENY"]], "pass"],
    ["framing", [["x-frame-options", "ALLOW-FROM https://a.example"]], "warning"],
    ["framing", [["x-frame-options", "SAMEORIGIN, DENY"]], "pass"],
    ["framing", [[CSP, "frame-ancestors 'self'"]], "pass"],
    [
      "framing",
      [
        [CSP, "frame-ancestors *"],
        ["x-frame-options", "DENY"],
      ],
      "warning",
    ],
    ["nosniff", [["x-content-type-options", "NoSniff"]], "pass"],
    ["nosniff", [["x-content-type-options", "x-content-type-options: nosniff"]], "warning"],
    ["referrer_policy", [["referrer-policy", "no-referrer, strict-origin-when-cross-origin"]], "pass"],
    ["referrer_policy", [["referrer-policy", "unsafe-url"]], "warning"],
    ["referrer_policy", [["referrer-policy", "strict-origin, nonsense"]], "pass"],
    ["permissions_policy", [["permissions-policy", "camera=()"]], "pass"],
    ["cross_origin_opener", [["cross-origin-opener-policy", "same-origin-allow-popups"]], "pass"],
    ["cross_origin_opener", [["cross-origin-opener-policy", 'same-origin; report-to="x"']], "pass"],
    ["cross_origin_opener", [["cross-origin-opener-policy", "unsafe-none"]], "warning"],
    ["cross_origin_opener", [], "warning"],
    ["cross_origin_embedder", [], "not_applicable"],
    ["cross_origin_embedder", [["cross-origin-embedder-policy", "require-corp"]], "warning"],
    ["cross_origin_embedder", [["cross-origin-embedder-policy", "require"]], "warning"],
    [
      "cross_origin_embedder",
      [
        ["cross-origin-embedder-policy", "credentialless"],
        ["cross-origin-opener-policy", "same-origin"],
      ],
      "pass",
    ],
    ["cross_origin_resource", [], "not_applicable"],
    ["cross_origin_resource", [["cross-origin-resource-policy", "same-site"]], "pass"],
    ["cross_origin_resource", [["cross-origin-resource-policy", "cross-origin"]], "pass"],
    ["cross_origin_resource", [["cross-origin-resource-policy", "same_origin"]], "warning"],
    ["cookies", [["set-cookie", "a=1; Secure; HttpOnly; SameSite=None"]], "pass"],
    ["cookies", [["set-cookie", "__Host-a=1; Secure; HttpOnly; SameSite=Lax"]], "warning"],
    ["cookies", [["set-cookie", "__Host-a=1; Secure; HttpOnly; SameSite=Lax; Path=/"]], "pass"],
    ["cookies", [["set-cookie", "__Host-a=1; Secure; HttpOnly; SameSite=Lax; Path=/; Domain=example.org"]], "warning"],
    ["cookies", [], "not_applicable"],
    ["cookies", [["set-cookie", "a=1; Secure; HttpOnly; SameSite=Strict"]], "pass"],
    ["cookies", [["set-cookie", "a=Secure; HttpOnly; SameSite=Strict"]], "warning"],
    [
      "cookies",
      [
        ["set-cookie", "a=1; Secure; HttpOnly; SameSite=Lax"],
        ["set-cookie", "b=2"],
      ],
      "warning",
    ],
    ["version_leak", [["server", "nginx"]], "pass"],
    ["version_leak", [["server", "nginx/1.22.1"]], "warning"],
    ["version_leak", [["x-powered-by", "PHP/8.2.1"]], "warning"],
  ])("%s of %j is %s", (rule, fields, result) => {
    expect(resultOf(rule, { fields })).toBe(result);
  });
});

test.each<[rule: string, page: Partial<Page>, result: string]>([
  ["https", { url: new URL("http://example.org/") }, "error"],
  ["hsts", { url: new URL("http://example.org/"), fields: [[HSTS, AGE]] }, "not_applicable"],
  ["https_redirect", { plain: null }, "not_applicable"],
  ["https_redirect", { plain: { status: 200, location: null } }, "error"],
  ["https_redirect", { plain: { status: 301, location: "https://example.org/" } }, "pass"],
  ["https_redirect", { plain: { status: 301, location: "https://www.example.org/" } }, "warning"],
  ["https_redirect", { plain: { status: 301, location: "/login" } }, "error"],
  ["cors", { cors: null }, "unknown"],
  ["cors", { cors: [["access-control-allow-origin", "*"]] }, "pass"],
  ["cors", { cors: [["access-control-allow-origin", "https://origin.example"]] }, "warning"],
  [
    "cors",
    {
      cors: [
        ["access-control-allow-origin", "https://origin.example"],
        ["access-control-allow-credentials", "true"],
      ],
    },
    "error",
  ],
  ["mixed_content", { html: '<script src="http://a.example/x.js"></script>' }, "error"],
  ["mixed_content", { html: '<a href="http://a.example/">x</a><img src="https://a.example/x">' }, "pass"],
  ["mixed_content", { html: "<img alt='a' SRC=http://a.example/x.png>" }, "warning"],
  ["mixed_content", { html: '<link rel="stylesheet" href="http://a.example/x.css">' }, "error"],
  ["mixed_content", { html: '<link rel="canonical" href="http://a.example/">' }, "pass"],
  ["mixed_content", { html: '<form method="post" action="http://a.example/">' }, "error"],
  ["mixed_content", { html: '<!-- <script src="http://a.example/x.js"></script> -->' }, "pass"],
  ["mixed_content", { html: '<script src="http://a.example/x.js"></script>', fields: [[CSP, "upgrade-insecure-requests"]] }, "pass"],
  // HTML, section 4.2.5.3: a policy in a meta element counts.
  ["content_security_policy", { html: `<meta http-equiv="Content-Security-Policy" content="default-src 'self'">` }, "pass"],
  ["content_security_policy", { html: `<meta http-equiv="refresh" content="default-src 'self'">` }, "warning"],
  ["framing", { html: `<meta http-equiv="Content-Security-Policy" content="frame-ancestors 'none'">` }, "warning"],
  ["security_txt", { securityTxt: null }, "warning"],
  ["security_txt", { securityTxt: { ...TXT, status: 404 } }, "warning"],
  ["security_txt", { securityTxt: TXT }, "pass"],
  ["security_txt", { securityTxt: { ...TXT, type: "text/html" } }, "warning"],
  ["security_txt", { securityTxt: { ...TXT, text: TXT.text.replace("2099", "2001") } }, "warning"],
  ["security_txt", { securityTxt: { ...TXT, text: TXT.text.replace("2099-01-01T00:00:00Z", "soon") } }, "warning"],
  ["security_txt", { securityTxt: { ...TXT, text: `${TXT.text}Expires: 2099-02-01T00:00:00Z\n` } }, "warning"],
  ["security_txt", { securityTxt: { ...TXT, text: TXT.text.replace("mailto:", "") } }, "warning"],
  ["security_txt", { securityTxt: { ...TXT, text: "<html>" } }, "warning"],
])("%s of %j is %s", (rule, page, result) => {
  expect(resultOf(rule, page)).toBe(result);
});

test("no cookie's value is shown, and every rule that does not hold says what to send", () => {
  const rules = judgePage({ ...PAGE, fields: [["set-cookie", "sid=s3cret"]] });
  expect(JSON.stringify(rules)).not.toContain("s3cret");
  for (const { rule, result, fix } of rules) if (result === "warning") expect(fix, rule).toMatch(/^[A-Z][A-Za-z-]+: /);
});

test.each([
  "<img ",
  "<img a='",
  "<script src=http://",
  "<!-- ",
  "<meta content=",
  "<img ".repeat(100),
  `<img ${"a".repeat(3000)}`,
  `<img ${"a ".repeat(1500)}>`,
])("a hostile page costs little: %#", (piece) => {
  const html = piece.repeat(Math.ceil(262_144 / piece.length)).slice(0, 262_144);
  const before = process.cpuUsage();
  judgePage({ ...PAGE, html });
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(2000);
});

describe("the lab", () => {
  let running: RunningLab;
  beforeAll(async () => {
    running = await lab.start(() => 0);
  });
  afterAll(() => running.close());

  test.each([
    ["good", "ok", []],
    [
      "weak",
      "error",
      [
        "tls",
        "hsts",
        "content_security_policy",
        "framing",
        "nosniff",
        "referrer_policy",
        "permissions_policy",
        "cross_origin_opener",
        "cors",
        "cookies",
        "mixed_content",
        "version_leak",
        "security_txt",
      ],
    ],
  ])("%s", async (name, status, broken) => {
    const { output } = await run("webapp.security@1.1.0", running.servers.find((server) => server.name === name)?.input as never);
    const seen = output as FilledOf<(typeof newest)["output"]>;
    expect(seen.findings.map(({ reason }) => reason)).toEqual(broken);
    expect(seen).toMatchObject({ status, failure: null, hops: [{ status: 200, http_version: "2" }] });
  });

  test("the old versions that the weak server offers are named, and the scan can be left out", async () => {
    const input = running.servers.find(({ name }) => name === "weak")?.input as never as Record<string, unknown>;
    const seen = (await run("webapp.security@1.1.0", input as never)).output as FilledOf<(typeof newest)["output"]>;
    expect(seen.rules.find(({ rule }) => rule === "tls")?.evidence).toContainEqual(expect.stringMatching(/^protocol_not_allowed: TLSv1, TLSv1\.1$/));
    expect(seen.tls?.verdict.result).toBe("broken");
    const without = (await run("webapp.security@1.1.0", { ...input, tls_policy: "none" } as never)).output as FilledOf<(typeof newest)["output"]>;
    expect(without.tls).toBeNull();
    expect(without.rules.find(({ rule }) => rule === "tls")?.result).toBe("not_applicable");
  });
});
