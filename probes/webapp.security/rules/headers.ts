import { fieldValue } from "../../../runner/net/http/message.js";
import { referrersInMeta, tagsIn } from "../html.js";
import { isPermissionsPolicy } from "../permissions-policy.js";
import { not, pass, type Rules, shown } from "./rule.js";

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

/** What browsers guess, pass on, and allow the page. */
export const HEADERS: Rules = {
  // Fetch, section 3.6: the first value counts.
  nosniff({ fields }) {
    const evidence = shown(fields, "x-content-type-options");
    const [first = ""] = (fieldValue(fields, "x-content-type-options") ?? "").split(",");
    return first.trim().toLowerCase() === "nosniff"
      ? pass("types are not guessed", evidence)
      : not("warning", "browsers may guess types", evidence, "X-Content-Type-Options: nosniff");
  },

  // The last policy that is known counts (Referrer Policy, section 8.1); one in a meta element comes later than the header.
  referrer_policy({ fields, html }) {
    const inMeta = referrersInMeta(tagsIn(html));
    const evidence = [...shown(fields, "referrer-policy"), ...inMeta.map((policy) => `<meta> ${policy}`)];
    const fix = "Referrer-Policy: strict-origin-when-cross-origin";
    const inHeader = (fieldValue(fields, "referrer-policy") ?? "").split(",").map((each) => each.trim().toLowerCase());
    const policy = [...inHeader, ...inMeta].findLast((each) => REFERRER_POLICIES.has(each));
    if (policy === undefined) return not("warning", "there is no Referrer-Policy", evidence, fix);
    return LEAKY_REFERRERS.has(policy)
      ? not("warning", `${policy} shows whole URLs to other sites`, evidence, fix)
      : pass("referrers are restricted", evidence);
  },

  permissions_policy({ fields }) {
    const evidence = shown(fields, "permissions-policy");
    const value = fieldValue(fields, "permissions-policy");
    const fix = "Permissions-Policy: camera=(), geolocation=(), microphone=()";
    if (value === null) return not("warning", "there is no Permissions-Policy", [], fix);
    return isPermissionsPolicy(value)
      ? pass("features are restricted", evidence)
      : not("warning", "Permissions-Policy is not a list like camera=(), and browsers ignore it", evidence, fix);
  },
};
