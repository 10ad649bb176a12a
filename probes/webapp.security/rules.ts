import { type Field, fieldValue, fieldValues } from "../../runner/net/http/message.js";
import type { TlsScan } from "../../runner/tls-scan/scan-target.js";
import { policiesOf, weaknesses } from "./csp.js";
import { plainHttpIn, policiesInMeta, tagsIn } from "./html.js";
import type { Rule } from "./schema.js";
import { securityTxtFaults } from "./security-txt.js";

/** What the rules judge: the page's response, and what other requests showed. */
export interface Page {
  readonly url: URL;
  readonly fields: readonly Field[];
  readonly html: string;
  /** Where plain HTTP led, step by step; null if nothing answered there. */
  readonly plain: { readonly status: number; readonly location: string | null } | null;
  /** The response to a request from a foreign origin; null if there was none. */
  readonly cors: readonly Field[] | null;
  readonly foreignOrigin: string;
  /** The scan of the page's TLS server; null if there was none. */
  readonly scan: TlsScan | null;
  readonly securityTxt: { readonly status: number; readonly text: string; readonly type: string | null } | null;
}

type Result = Omit<Rule, "rule">;

const pass = (message: string, evidence: string[] = []): Result => ({ result: "pass", message, evidence, fix: null });
const not = (result: "warning" | "error" | "not_applicable" | "unknown", message: string, evidence: string[], fix: string | null = null): Result => ({
  result,
  message,
  evidence,
  fix,
});
const shown = (fields: readonly Field[], name: string): string[] => fieldValues(fields, name).map((value) => `${name}: ${value}`);

/** Every rule with its judgement, in the order in which they are reported. */
export function judgePage(page: Page): Rule[] {
  return Object.entries(RULES).map(([rule, judge]) => ({ rule, ...judge(page) }));
}

const RULES: Readonly<Record<string, (page: Page) => Result>> = {
  https({ url }) {
    return url.protocol === "https:"
      ? pass("the page is served over HTTPS", [url.href])
      : not("error", "the page is served in plain text", [url.href], `Location: https://${url.hostname}/`);
  },

  https_redirect({ plain, url }) {
    if (plain === null) return not("not_applicable", "plain HTTP is not answered", []);
    const target = plain.location ?? "";
    const evidence = [`${plain.status} ${target}`.trim()];
    if (!target.startsWith("https:")) return not("error", "plain HTTP does not redirect to HTTPS", evidence, `Location: https://${url.host}/`);
    // Otherwise the first host never gets to send HSTS for itself.
    if (URL.canParse(target) && new URL(target).hostname !== url.hostname)
      return not("warning", "plain HTTP redirects to HTTPS on another host first", evidence, `Location: https://${url.host}/`);
    return pass("plain HTTP redirects to HTTPS", evidence);
  },

  tls({ url, scan }) {
    if (url.protocol !== "https:") return not("not_applicable", "the page is not served over TLS", []);
    if (scan === null) return not("not_applicable", "TLS was not scanned", []);
    const { verdict, incomplete } = scan.facts;
    const evidence = verdict.broken.map(({ rule, evidence: found }) => `${rule}: ${found.join(", ")}`);
    if (evidence.length > 0)
      return not(verdict.broken.some(({ severity }) => severity === "error") ? "error" : "warning", `TLS breaks the policy ${verdict.policy}`, evidence);
    if (scan.failure !== null) return not("unknown", `TLS could not be scanned: ${scan.failure.message}`, []);
    if (verdict.result === "unknown")
      return not(
        "unknown",
        "TLS could not be scanned completely",
        incomplete.map(({ check, reason }) => `${check}: ${reason}`),
      );
    return pass(
      `TLS meets the policy ${verdict.policy}`,
      scan.facts.protocols.filter(({ offered }) => offered).map(({ version }) => version),
    );
  },

  // RFC 6797; the list's rules are those of hstspreload.org.
  hsts({ url, fields }) {
    const evidence = shown(fields, "strict-transport-security");
    const fix = "Strict-Transport-Security: max-age=31536000; includeSubDomains";
    if (url.protocol !== "https:") return not("not_applicable", "HSTS counts over HTTPS only", evidence);
    const [value] = fieldValues(fields, "strict-transport-security");
    if (value === undefined) return not("warning", "there is no Strict-Transport-Security", [], fix);
    const directives = value.split(";").map((directive) => directive.trim().toLowerCase());
    const ages = directives.flatMap((directive) => /^max-age[ \t]*=[ \t]*"?([0-9]+)"?$/.exec(directive)?.[1] ?? []);
    if (ages.length !== 1) return not("error", "Strict-Transport-Security has no single max-age, and is ignored", evidence, fix);
    const age = Number(ages[0]);
    if (age === 0) return not("error", "max-age=0 switches HSTS off", evidence, fix);
    if (age < HALF_A_YEAR_S) return not("warning", `max-age is ${age} seconds, less than half a year`, evidence, fix);
    if (!directives.includes("preload")) return pass("HSTS is on", evidence);
    const lacking = [...(age < YEAR_S ? ["max-age of a year"] : []), ...(directives.includes("includesubdomains") ? [] : ["includeSubDomains"])];
    return lacking.length === 0
      ? pass("HSTS is on, and fit for the preload list", evidence)
      : not("warning", `it asks for the preload list without ${lacking.join(" and ")}`, evidence, `${fix}; preload`);
  },

  content_security_policy({ fields, html }) {
    const inMeta = policiesInMeta(tagsIn(html));
    const evidence = [...shown(fields, "content-security-policy"), ...inMeta.map((policy) => `<meta> ${policy}`)];
    const fix = "Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";
    const policies = policiesOf([...fieldValues(fields, "content-security-policy"), ...inMeta]);
    if (policies.length === 0) {
      const reported = shown(fields, "content-security-policy-report-only");
      return not("warning", reported.length > 0 ? "the policy is only reported, and not enforced" : "there is no Content-Security-Policy", reported, fix);
    }
    const weak = weaknesses(policies);
    return weak.length === 0 ? pass("the policy restricts scripts", evidence) : not("warning", weak.join("; "), evidence, fix);
  },

  framing({ fields }) {
    const ancestors = policiesOf(fieldValues(fields, "content-security-policy")).filter((policy) => policy.has("frame-ancestors"));
    const old = fieldValue(fields, "x-frame-options");
    const evidence = [...ancestors.map((policy) => `frame-ancestors ${policy.get("frame-ancestors")?.join(" ")}`), ...shown(fields, "x-frame-options")];
    const fix = "Content-Security-Policy: frame-ancestors 'self'";
    if (ancestors.length > 0)
      return ancestors.every((policy) => policy.get("frame-ancestors")?.includes("*"))
        ? not("warning", "any site may frame the page", evidence, fix)
        : pass("framing is restricted", evidence);
    if (old === null) return not("warning", "any site may frame the page", [], fix);
    return /^(deny|sameorigin)$/i.test(old.trim())
      ? pass("framing is restricted", evidence)
      : not("warning", "X-Frame-Options has no value that browsers know", evidence, fix);
  },

  nosniff({ fields }) {
    const evidence = shown(fields, "x-content-type-options");
    const [first = ""] = (fieldValue(fields, "x-content-type-options") ?? "").split(",");
    return first.trim().toLowerCase() === "nosniff"
      ? pass("types are not guessed", evidence)
      : not("warning", "browsers may guess types", evidence, "X-Content-Type-Options: nosniff");
  },

  referrer_policy({ fields }) {
    const evidence = shown(fields, "referrer-policy");
    // The last policy that is known counts (Referrer Policy, section 8.1).
    const policy = (fieldValue(fields, "referrer-policy") ?? "")
      .split(",")
      .map((each) => each.trim().toLowerCase())
      .findLast((each) => REFERRER_POLICIES.has(each));
    if (policy === undefined) return not("warning", "there is no Referrer-Policy", evidence, "Referrer-Policy: strict-origin-when-cross-origin");
    return LEAKY_REFERRERS.has(policy)
      ? not("warning", `${policy} shows whole URLs to other sites`, evidence, "Referrer-Policy: strict-origin-when-cross-origin")
      : pass("referrers are restricted", evidence);
  },

  permissions_policy({ fields }) {
    const evidence = shown(fields, "permissions-policy");
    return evidence.length > 0
      ? pass("features are restricted", evidence)
      : not("warning", "there is no Permissions-Policy", [], "Permissions-Policy: camera=(), geolocation=(), microphone=()");
  },

  // HTML, section 7.1.3.
  cross_origin_opener({ fields }) {
    const evidence = shown(fields, "cross-origin-opener-policy");
    const policy = tokenOf(fields, "cross-origin-opener-policy");
    return policy.startsWith("same-origin") || policy === "noopener-allow-popups"
      ? pass("windows of other sites are separated", evidence)
      : not("warning", "windows of other sites can reach the page's window", evidence, "Cross-Origin-Opener-Policy: same-origin");
  },

  // HTML, section 7.1.4: only pages that need shared memory ask for it.
  cross_origin_embedder({ fields }) {
    const evidence = shown(fields, "cross-origin-embedder-policy");
    if (evidence.length === 0) return not("not_applicable", "the page does not ask for isolation", []);
    const policy = tokenOf(fields, "cross-origin-embedder-policy");
    const fix = "Cross-Origin-Embedder-Policy: require-corp";
    if (policy === "unsafe-none") return not("not_applicable", "the page does not ask for isolation", evidence);
    if (policy !== "require-corp" && policy !== "credentialless") return not("warning", "browsers do not know this value, and ignore it", evidence, fix);
    return tokenOf(fields, "cross-origin-opener-policy") === "same-origin"
      ? pass("the page is isolated from other origins", evidence)
      : not("warning", "without Cross-Origin-Opener-Policy: same-origin the page is not isolated", evidence, "Cross-Origin-Opener-Policy: same-origin");
  },

  // Fetch, section 3.7.
  cross_origin_resource({ fields }) {
    const evidence = shown(fields, "cross-origin-resource-policy");
    const value = fieldValue(fields, "cross-origin-resource-policy");
    const fix = "Cross-Origin-Resource-Policy: same-origin";
    if (value === null) return not("not_applicable", "the page does not say who may load it", []);
    if (value === "same-origin" || value === "same-site") return pass("other sites may not load the page", evidence);
    return value === "cross-origin"
      ? pass("any site may load the page, as it says", evidence)
      : not("warning", "browsers do not know this value, and ignore it", evidence, fix);
  },

  cors({ cors, foreignOrigin }) {
    if (cors === null) return not("unknown", "the request from another origin was not answered", []);
    const evidence = ["access-control-allow-origin", "access-control-allow-credentials"].flatMap((name) => shown(cors, name));
    const allowed = fieldValue(cors, "access-control-allow-origin");
    const withCredentials = fieldValue(cors, "access-control-allow-credentials")?.trim() === "true";
    if (allowed !== foreignOrigin && allowed !== "null")
      return pass(allowed === null ? "other origins may not read the page" : "no foreign origin is reflected", evidence);
    return not(
      withCredentials ? "error" : "warning",
      `any origin may read the page${withCredentials ? ", with the visitor's credentials" : ""}`,
      evidence,
      "Access-Control-Allow-Origin: one origin that is trusted, and Vary: Origin",
    );
  },

  cookies({ fields, url }) {
    const cookies = fieldValues(fields, "set-cookie");
    if (cookies.length === 0) return not("not_applicable", "no cookie is set", []);
    const weak = cookies.flatMap((cookie) => cookieFaults(cookie, url.protocol === "https:"));
    // Its value is the visitor's secret: only its name is shown.
    return weak.length === 0
      ? pass(
          "cookies are protected",
          cookies.map((cookie) => cookie.split("=")[0] as string),
        )
      : not("warning", "cookies lack attributes", weak, "Set-Cookie: …; Secure; HttpOnly; SameSite=Lax");
  },

  // Mixed Content, sections 3.1 and 4.
  mixed_content({ html, url, fields }) {
    if (url.protocol !== "https:") return not("not_applicable", "the page itself is not served over HTTPS", []);
    const tags = tagsIn(html);
    const { acting, shown: displayed } = plainHttpIn(tags);
    const found = [...acting, ...displayed].slice(0, 10);
    const fix = "Content-Security-Policy: upgrade-insecure-requests";
    if (found.length === 0) return pass("nothing is loaded over plain HTTP");
    const policies = policiesOf([...fieldValues(fields, "content-security-policy"), ...policiesInMeta(tags)]);
    if (policies.some((policy) => policy.has("upgrade-insecure-requests"))) return pass("what the page loads over plain HTTP is upgraded", found);
    return acting.length > 0
      ? not("error", "the page loads resources over plain HTTP, or sends forms there", found, fix)
      : not("warning", "the page shows resources that come over plain HTTP", found, fix);
  },

  version_leak({ fields }) {
    const leaks = ["server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator"].flatMap((name) =>
      fieldValues(fields, name).flatMap((value) => (/[0-9]\.[0-9]/.test(value) ? [{ name, value }] : [])),
    );
    const [first] = leaks;
    if (first === undefined) return pass("no software version is shown");
    const evidence = leaks.map(({ name, value }) => `${name}: ${value}`);
    // The only one that is of use to a client.
    const product = /^[A-Za-z][A-Za-z_-]*/.exec(first.value)?.[0];
    const fix = first.name === "server" && product !== undefined ? `Server: ${product}` : null;
    return not("warning", fix === null ? `the software's version is shown: leave out ${first.name}` : "the software's version is shown", evidence, fix);
  },

  // RFC 9116.
  security_txt({ securityTxt, url }) {
    const fix = `Contact: mailto:security@${url.hostname}\nExpires: a date within a year, such as ${new Date(Date.now() + YEAR_S * 500).toISOString().slice(0, 10)}T00:00:00Z`;
    if (securityTxt === null || securityTxt.status !== 200) return not("warning", "there is no /.well-known/security.txt", [], fix);
    const { faults, evidence } = securityTxtFaults(securityTxt.text, securityTxt.type, Date.now());
    return faults.length === 0
      ? pass("security.txt says where to report", evidence)
      : not("warning", `/.well-known/security.txt: ${faults.join("; ")}`, evidence, fix);
  },
};

/** The value of a field without its parameters. */
function tokenOf(fields: readonly Field[], name: string): string {
  return (fieldValue(fields, name) ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}

const YEAR_S = 31_536_000;
const HALF_A_YEAR_S = 15_768_000;
const LEAKY_REFERRERS = new Set(["unsafe-url", "no-referrer-when-downgrade"]);
const REFERRER_POLICIES = new Set([
  ...LEAKY_REFERRERS,
  "no-referrer",
  "same-origin",
  "origin",
  "strict-origin",
  "origin-when-cross-origin",
  "strict-origin-when-cross-origin",
]);

/** RFC 6265bis, sections 4.1.3 and 5.7: what browsers refuse, and what a cookie lacks. */
function cookieFaults(cookie: string, isSecure: boolean): string[] {
  const [pair = "", ...attributes] = cookie.split(";").map((part) => part.trim());
  const attributeOf = (name: string): string | undefined =>
    attributes
      .map((attribute) => attribute.split("="))
      .findLast(([written = ""]) => written.trim().toLowerCase() === name)
      ?.slice(1)
      .join("=")
      .trim();
  const has = (name: string): boolean => attributeOf(name) !== undefined;
  const name = pair.split("=")[0] as string;
  const isHostOnly = attributeOf("path") === "/" && !has("domain");
  const refused = [
    ...(attributeOf("samesite")?.toLowerCase() === "none" && !has("secure") ? ["SameSite=None needs Secure"] : []),
    ...(/^__secure-/i.test(name) && !has("secure") ? ["__Secure- needs Secure"] : []),
    ...(/^__host-/i.test(name) && !(has("secure") && isHostOnly) ? ["__Host- needs Secure, Path=/ and no Domain"] : []),
  ];
  const lacking = [...(isSecure && !has("secure") ? ["Secure"] : []), ...(has("httponly") ? [] : ["HttpOnly"]), ...(has("samesite") ? [] : ["SameSite"])];
  return [...(lacking.length === 0 ? [] : [`${name} without ${lacking.join(", ")}`]), ...refused.map((fault) => `${name} is refused by browsers: ${fault}`)];
}
