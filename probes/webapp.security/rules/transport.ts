import { fieldValues } from "../../../runner/net/http/message.js";
import { not, pass, type Rules, shown } from "./rule.js";

const YEAR_S = 31_536_000;
const HALF_A_YEAR_S = 15_768_000;
/** As URLs have them: IPv6 in brackets, IPv4 in digits. */
const ADDRESS = /^(?:\[.*\]|[0-9.]+)$/;

/** Whether the way to the page is encrypted, and stays so. */
export const TRANSPORT: Rules = {
  https({ url }) {
    return url.protocol === "https:"
      ? pass("the page is served over HTTPS", [url.href])
      : not("error", "the page is served in plain text", [url.href], `Location: https://${url.hostname}/`);
  },

  https_redirect({ plain, url }) {
    if (plain === null) return not("not_applicable", "plain HTTP is not answered", []);
    const evidence = [`${plain.status} ${plain.location ?? ""}`.trim()];
    const target = plain.location !== null && URL.canParse(plain.location) ? new URL(plain.location) : null;
    if (target?.protocol !== "https:") return not("error", "plain HTTP does not redirect to HTTPS", evidence, `Location: https://${url.host}/`);
    // Otherwise the first host never gets to send HSTS for itself.
    return target.hostname === url.hostname
      ? pass("plain HTTP redirects to HTTPS", evidence)
      : not("warning", "plain HTTP redirects to HTTPS on another host first", evidence, `Location: https://${url.host}/`);
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
    // Section 8.1.1.
    if (ADDRESS.test(url.hostname)) return not("not_applicable", "HSTS is for names: browsers note no address", evidence);
    const [value] = fieldValues(fields, "strict-transport-security");
    if (value === undefined) return not("warning", "there is no Strict-Transport-Security", [], fix);
    const directives = directivesOf(value);
    const age = Number(/^(?:[0-9]+|"[0-9]+")$/.exec(directives?.get("max-age") ?? "")?.[0].replaceAll('"', ""));
    if (directives === null || Number.isNaN(age))
      return not("error", "browsers ignore this Strict-Transport-Security: it needs one max-age, and each directive once", evidence, fix);
    if (age === 0) return not("error", "max-age=0 switches HSTS off", evidence, fix);
    if (age < HALF_A_YEAR_S) return not("warning", `max-age is ${age} seconds, less than half a year`, evidence, fix);
    if (!directives.has("preload")) return pass("HSTS is on", evidence);
    const lacking = [...(age < YEAR_S ? ["max-age of a year"] : []), ...(directives.has("includesubdomains") ? [] : ["includeSubDomains"])];
    return lacking.length === 0
      ? pass("HSTS is on, and fit for the preload list", evidence)
      : not("warning", `it asks for the preload list without ${lacking.join(" and ")}`, evidence, `${fix}; preload`);
  },
};

/** By name in lower case; null if one is repeated, which makes the field void (RFC 6797, section 6.1). */
function directivesOf(value: string): Map<string, string> | null {
  const written = value.split(";").flatMap((directive) => (directive.trim() === "" ? [] : [directive.trim().split("=")]));
  const directives = new Map(written.map(([name = "", ...rest]) => [name.trim().toLowerCase(), rest.join("=").trim()]));
  return directives.size === written.length ? directives : null;
}
