import { describe, expect, test } from "vitest";
import type { Page } from "../../../probes/webapp.security/rules/rule.js";
import { judgePage } from "../../../probes/webapp.security/rules.js";
import { scoreOf } from "../../../probes/webapp.security/score.js";
import type { Field } from "../../../runner/net/http/message.js";

const PAGE: Page = {
  url: new URL("https://www.example.org/"),
  fields: [],
  html: "",
  plain: { status: 301, location: "https://www.example.org/" },
  cors: [],
  foreignOrigin: "https://origin.example",
  scan: null,
  securityTxt: null,
};

/** One case: what the standard says of a field's value, or of several fields of that name. */
type Case = readonly [value: string | readonly string[], result: "pass" | "warning" | "error" | "not_applicable", standard: string];

function judged(rule: string, fields: readonly Field[], page: Partial<Page> = {}): string | undefined {
  const rules = judgePage({ ...PAGE, fields, ...page });
  const broken = rules.filter(({ result }) => result === "warning" || result === "error").map((each) => each.rule);
  // Whatever does not hold is a reason of the score.
  expect(
    scoreOf(rules)
      .reasons.map((reason) => reason.rule)
      .sort(),
  ).toEqual(broken.sort());
  return rules.find((each) => each.rule === rule)?.result;
}

/** Each written from the text of the standard, not from the code that judges. */
function cases(rule: string, name: string, table: readonly Case[]): void {
  describe(rule, () => {
    test.each(table)("%j is %s: %s", (value, result) => {
      const values = typeof value === "string" ? [value] : value;
      const fields = values.map((each): Field => [name, each]);
      expect(judged(rule, fields)).toBe(result);
    });
  });
}

cases("hsts", "strict-transport-security", [
  ["max-age=31536000", "pass", "RFC 6797, 6.2"],
  ['max-age="31536000"', "pass", "6.2: a quoted string"],
  ["max-age=31536000 ; includeSubDomains", "pass", "6.2: blanks around a semicolon"],
  ["MAX-AGE=31536000;INCLUDESUBDOMAINS", "pass", "6.1, 2: names are case-insensitive"],
  [";;max-age=31536000;", "pass", "6.1: empty directives"],
  ["max-age=31536000; somethingNew=1", "pass", "6.1, 5: unknown directives are ignored"],
  ["max-age=31536000; max-age=31536000", "error", "6.1, 2: no directive more than once"],
  ["max-age=31536000; includeSubDomains; includeSubDomains", "error", "6.1, 2: no directive more than once"],
  ['max-age="31536000', "error", "6.1: neither a token nor a quoted string"],
  ["max-age=-1", "error", "6.1.1: delta-seconds are digits"],
  ["max-age=1e9", "error", "6.1.1: delta-seconds are digits"],
  ["max-age", "error", "6.1.1: the value is required"],
  ["max-age=", "error", "6.1.1: the value is required"],
  ["includeSubDomains; preload", "error", "6.1.1: max-age is required"],
  ["max-age=0; includeSubDomains", "error", "6.1.1: zero ends it"],
  ["max-age=15767999", "warning", "half a year"],
  ["max-age=15768000", "pass", "half a year"],
  ["max-age=31536000; includeSubDomains; preload", "pass", "hstspreload.org"],
  ["max-age=31535999; includeSubDomains; preload", "warning", "hstspreload.org: a year"],
  ["max-age=31536000; preload", "warning", "hstspreload.org: includeSubDomains"],
  [["max-age=31536000", "max-age=0"], "pass", "8.1: only the first field"],
  [["max-age=0", "max-age=31536000"], "error", "8.1: only the first field"],
  ["Strict-Transport-Security: max-age=31536000", "error", "the field's name in its value"],
]);

test.each(["https://192.0.2.7/", "https://[2001:db8::7]/"])("hsts at %s does not apply (RFC 6797, 8.1.1)", (url) => {
  expect(judged("hsts", [["strict-transport-security", "max-age=31536000"]], { url: new URL(url) })).toBe("not_applicable");
});

const STRICT = "; object-src 'none'; base-uri 'none'";

cases("content_security_policy", "content-security-policy", [
  ["default-src 'none'", "pass", "CSP 3, 6.1.3: default-src is the fallback of scripts and objects"],
  ["default-src 'self'; script-src 'none'", "pass", "6.1.11"],
  [`script-src 'self' 'unsafe-inline'${STRICT}`, "warning", "6.7.3.2: inline scripts run"],
  [`script-src 'self' 'unsafe-inline' 'nonce-cmFuZG9t'${STRICT}`, "pass", "6.7.3.2: a nonce voids 'unsafe-inline'"],
  [`script-src 'self' 'unsafe-inline' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='${STRICT}`, "pass", "6.7.3.2: so does a hash"],
  [`script-src 'unsafe-inline' 'strict-dynamic'${STRICT}`, "pass", "6.7.3.2: so does 'strict-dynamic'"],
  [`script-src 'self' 'unsafe-inline' 'nonce-'${STRICT}`, "warning", "2.3.1: an empty nonce is none"],
  [`script-src 'nonce-cmFuZG9t' 'strict-dynamic' https: http:${STRICT}`, "pass", "6.7.1.1: 'strict-dynamic' voids schemes"],
  [`script-src 'nonce-cmFuZG9t' https:${STRICT}`, "warning", "a scheme is open"],
  [`script-src 'self' *${STRICT}`, "warning", "6.7.2.8: * is any site"],
  [`script-src https://*${STRICT}`, "warning", "2.3.1: a host of *"],
  [`script-src *:443${STRICT}`, "warning", "2.3.1: a host of * with a port"],
  [`script-src https://*.example.org${STRICT}`, "pass", "2.3.1: subdomains only"],
  [`script-src 'self' data:${STRICT}`, "warning", "a script in a data: URL is the attacker's"],
  [`script-src 'self' 'unsafe-eval'${STRICT}`, "warning", "4.4: strings are compiled"],
  [`SCRIPT-SRC 'SELF' 'UNSAFE-INLINE'${STRICT}`, "warning", "2.3.1: keywords are case-insensitive"],
  [`script-src 'self'; script-src-elem *${STRICT}`, "warning", "6.1.12: script-src-elem takes precedence for elements"],
  [`script-src 'self' 'unsafe-inline'; script-src-elem 'self'; script-src-attr 'none'${STRICT}`, "pass", "6.1.12, 6.1.13"],
  [`script-src 'self'; script-src-attr 'unsafe-inline'${STRICT}`, "warning", "6.1.13: event handlers in attributes run"],
  ["script-src 'self'", "warning", "6.1.9: objects are not restricted"],
  ["script-src 'self'; object-src *", "warning", "6.1.9: objects of any site"],
  ["script-src 'nonce-cmFuZG9t'; object-src 'none'", "warning", "6.3.1: without base-uri the scripts with a nonce may come from elsewhere"],
  ["sandbox", "pass", "HTML, 7.1.5: no script runs in this sandbox"],
  ["sandbox allow-scripts", "warning", "HTML, 7.1.5: and here any"],
  ["default-src *; default-src 'self'", "warning", "2.2.1: the first directive of a name counts"],
  ["script-src 'self', object-src 'none'", "pass", "2.2: two policies in one field, both enforced"],
  [["script-src 'self'", "object-src 'none'"], "pass", "2.2: two fields, both enforced"],
  [["script-src 'unsafe-inline'; object-src 'none'", "script-src *; object-src 'none'"], "pass", "each closes what the other leaves open"],
  [["img-src 'self'", "font-src 'self'"], "warning", "no policy restricts scripts"],
  ["", "warning", "2.2.1: an empty policy is none"],
]);

cases("framing", "content-security-policy", [
  ["frame-ancestors 'none'", "pass", "CSP 3, 6.4.2"],
  ["frame-ancestors", "pass", "6.4.2: an empty list is 'none'"],
  ["frame-ancestors https:", "warning", "a scheme is any site"],
  ["frame-ancestors https://*", "warning", "2.3.1: a host of *"],
  ["frame-ancestors https://partner.example", "pass", "6.4.2"],
  ["default-src 'none'", "warning", "6.4.2: frame-ancestors has no fallback"],
  [["frame-ancestors *", "frame-ancestors 'self'"], "pass", "all policies are enforced"],
]);

cases("framing", "x-frame-options", [
  ["deny", "pass", "HTML, 7.6: case-insensitive"],
  ["DENY, DENY", "pass", "HTML, 7.6: a set of one"],
  [["DENY", "SAMEORIGIN"], "pass", "HTML, 7.6: values that contradict each other: no frame at all"],
  ["ALLOWALL", "warning", "HTML, 7.6"],
  ["ALLOW-FROM https://a.example", "warning", "HTML, 7.6: not known"],
  ["X-Frame-Options: DENY", "warning", "the field's name in its value"],
]);

cases("nosniff", "x-content-type-options", [
  ["nosniff", "pass", "Fetch, 3.6"],
  ["NOSNIFF", "pass", "Fetch, 3.6: case-insensitive"],
  [["nosniff", "nosniff"], "pass", "Fetch, 3.6: the first"],
  ["other, nosniff", "warning", "Fetch, 3.6: the first"],
  ["no-sniff", "warning", "Fetch, 3.6"],
]);

cases("referrer_policy", "referrer-policy", [
  ["", "warning", "Referrer Policy, 8.1: the empty one is skipped"],
  ["no-referrer", "pass", "8.1"],
  ["No-Referrer", "pass", "case-insensitive"],
  ["unsafe-url, strict-origin", "pass", "8.1: the last"],
  ["strict-origin, unsafe-url", "warning", "8.1: the last"],
  ["no-referrer-when-downgrade", "warning", "whole URLs go to other sites over HTTPS"],
]);

test.each([
  ['<meta name="referrer" content="no-referrer">', [], "pass"],
  ['<meta name="REFERRER" content="never">', [], "pass"],
  ['<meta name="referrer" content="always">', [["referrer-policy", "no-referrer"]], "warning"],
  ['<meta name="referrer" content="nonsense">', [["referrer-policy", "no-referrer"]], "pass"],
] as [string, Field[], string][])("referrer_policy of %s beside %j is %s (HTML, 4.2.5.1)", (html, fields, result) => {
  expect(judged("referrer_policy", fields, { html })).toBe(result);
});

cases("permissions_policy", "permissions-policy", [
  ["camera=()", "pass", "Permissions Policy, 5.2"],
  ['camera=(self "https://a.example"), geolocation=*', "pass", "5.2"],
  ["camera=self;report-to=x", "pass", "RFC 9651: parameters"],
  ["picture-in-picture=(), usb", "pass", "RFC 9651: a member without a value"],
  ["camera 'none'; microphone 'none'", "warning", "the syntax of Feature-Policy"],
  ["camera=('none'", "warning", "RFC 9651, 4.2: what cannot be parsed is ignored"],
  ["Camera=()", "warning", "RFC 9651, 4.2.3.3: keys are in lower case"],
]);

cases("cross_origin_opener", "cross-origin-opener-policy", [
  ["same-origin", "pass", "HTML, 7.1.3"],
  ['same-origin; report-to="x"', "pass", "HTML, 7.1.3.1"],
  ["Same-Origin", "warning", "RFC 9651: tokens are case-sensitive"],
  ["same-originx", "warning", "HTML, 7.1.3: not known"],
  ["same-origin, same-origin", "warning", "RFC 9651: one item, not a list"],
]);

cases("cross_origin_embedder", "cross-origin-embedder-policy", [
  ["REQUIRE-CORP", "warning", "HTML, 7.1.4: case-sensitive"],
  ["require-corp", "warning", "HTML, 7.1.4: not isolated without an opener policy"],
]);

cases("cross_origin_resource", "cross-origin-resource-policy", [
  ["same-origin", "pass", "Fetch, 3.7"],
  ["Same-Origin", "warning", "Fetch, 3.7: case-sensitive"],
  [["same-origin", "same-origin"], "warning", "Fetch, 3.7: combined, it is no known value"],
]);

const GOOD = "; Secure; HttpOnly; SameSite=Lax";

cases("cookies", "set-cookie", [
  [`a=1${GOOD}`, "pass", "RFC 6265bis, 4.1.2"],
  ["a=1; secure; httponly; samesite=strict", "pass", "5.6: case-insensitive"],
  ["a=1; Secure; HttpOnly; SameSite", "warning", "5.6.7: no value"],
  ["a=1; Secure; HttpOnly; SameSite=Sometimes", "warning", "5.6.7: not known"],
  ["a=1; Secure; HttpOnly; SameSite=None", "pass", "5.6.7"],
  ["a=1; HttpOnly; SameSite=None", "warning", "5.7: None needs Secure"],
  [`a=1${GOOD}; Domain=example.org`, "pass", "5.1.3: the host is below it"],
  [`a=1${GOOD}; Domain=.example.org`, "pass", "5.6.3: a leading dot is ignored"],
  [`a=1${GOOD}; Domain=other.example`, "warning", "5.7: refused"],
  [`a=1${GOOD}; Domain=ample.org`, "warning", "5.1.3: not at a dot"],
  [`__Secure-a=1${GOOD}`, "pass", "4.1.3.1"],
  ["__secure-a=1; HttpOnly; SameSite=Lax", "warning", "5.7: prefixes are case-insensitive"],
  [`__Host-a=1${GOOD}; Path=/`, "pass", "4.1.3.2"],
  [`__Host-a=1${GOOD}; Path=/; Domain=`, "pass", "5.6.3: an empty Domain is none"],
  [`__Host-a=1${GOOD}; Path=/app`, "warning", "4.1.3.2"],
  [`__Host-x${GOOD}; Path=/`, "warning", "5.7: a value without a name must not look like a prefix"],
  ["a=; Max-Age=0", "not_applicable", "5.6.2: it deletes"],
  ["a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "not_applicable", "5.6.1: it deletes"],
  ["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", "warning", "5.7: Max-Age counts before Expires"],
  [["a=; Max-Age=0", `b=2${GOOD}`], "pass", "only the second is kept"],
]);

test("a cookie with Secure over plain HTTP is refused by browsers (RFC 6265bis, 5.7)", () => {
  expect(judged("cookies", [["set-cookie", `a=1${GOOD}`]], { url: new URL("http://www.example.org/") })).toBe("warning");
});

test.each(["s3cret", "=s3cret", "s3cret; HttpOnly", "__Host-s3cret"])("the value of a cookie without a name is not shown: %s", (cookie) => {
  expect(JSON.stringify(judgePage({ ...PAGE, fields: [["set-cookie", cookie]] }))).not.toContain("s3cret");
});

describe("cors", () => {
  const ORIGIN = "access-control-allow-origin";
  const CREDENTIALS: Field = ["access-control-allow-credentials", "true"];
  test.each([
    [[[ORIGIN, "*"], CREDENTIALS], "pass", "Fetch, 4.10: * does not count with credentials"],
    [[[ORIGIN, "https://www.example.org"], CREDENTIALS], "pass", "another origin than the foreign one"],
    [[[ORIGIN, "https://origin.example"], CREDENTIALS], "error", "reflected, with credentials"],
    [
      [
        [ORIGIN, "https://origin.example"],
        ["access-control-allow-credentials", "TRUE"],
      ],
      "warning",
      "Fetch, 4.10: true is case-sensitive",
    ],
    [[[ORIGIN, "null"], CREDENTIALS], "error", "a sandboxed frame has the origin null"],
    [
      [
        [ORIGIN, "https://origin.example"],
        [ORIGIN, "https://origin.example"],
      ],
      "pass",
      "Fetch, 4.10: two values match no origin",
    ],
  ] as [Field[], string, string][])("%j is %s: %s", (cors, result) => {
    expect(judged("cors", [], { cors })).toBe(result);
  });
});

test.each([
  ['<script src="http://localhost:3000/x.js"></script>', "pass", "Secure Contexts, 3.1: this machine"],
  ['<img src="http://127.0.0.1/x.png">', "pass", "Secure Contexts, 3.1: this machine"],
  ['<img src="http://localhost.example/x.png">', "warning", "another machine"],
  ['<iframe src="http://a.example/"></iframe>', "error", "Mixed Content, 3.1: blockable"],
  ['<video src="http://a.example/x.mp4"></video>', "warning", "Mixed Content, 3.1: upgradeable"],
])("mixed_content of %s is %s: %s", (html, result) => {
  expect(judged("mixed_content", [], { html })).toBe(result);
});

test.each([
  [302, "HTTPS://www.example.org/", "pass", "RFC 3986, 3.1: schemes are case-insensitive"],
  [301, "//www.example.org/", "error", "RFC 3986, 4.2: the scheme stays http"],
  [301, "https:///", "error", "no URL"],
  [307, "https://www.example.org:8443/", "pass", "the same host"],
])("https_redirect by %i to %s is %s: %s", (status, location, result) => {
  expect(judged("https_redirect", [], { plain: { status, location } })).toBe(result);
});
