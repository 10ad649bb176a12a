import { fieldValue, fieldValues } from "../../../runner/net/http/message.js";
import { framersOf, isOpenToAll, policiesOf, weaknesses } from "../csp.js";
import { policiesInMeta, tagsIn } from "../html.js";
import { not, pass, type Rules, shown } from "./rule.js";

/** What may run in the page, and where the page may be shown. */
export const CONTENT: Rules = {
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

  // HTML, section 7.6: where a policy has frame-ancestors, X-Frame-Options does not count.
  framing({ fields }) {
    const framers = framersOf(policiesOf(fieldValues(fields, "content-security-policy")));
    const old = fieldValue(fields, "x-frame-options");
    const evidence = [...framers.map((sources) => `frame-ancestors ${sources.join(" ")}`), ...shown(fields, "x-frame-options")];
    const fix = "Content-Security-Policy: frame-ancestors 'self'";
    if (framers.length > 0)
      return framers.every(isOpenToAll) ? not("warning", "any site may frame the page", evidence, fix) : pass("framing is restricted", evidence);
    if (old === null) return not("warning", "any site may frame the page", [], fix);
    const values = new Set(old.split(",").map((value) => value.trim().toLowerCase()));
    const isRestricted =
      values.size === 1 ? values.has("deny") || values.has("sameorigin") : ["deny", "sameorigin", "allowall"].some((value) => values.has(value));
    if (!isRestricted) return not("warning", "X-Frame-Options has no value that browsers know", evidence, fix);
    return pass(
      values.size === 1 ? "framing is restricted" : "the values of X-Frame-Options contradict each other: browsers show the page in no frame",
      evidence,
    );
  },
};
