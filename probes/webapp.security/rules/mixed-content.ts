import { fieldValues } from "../../../runner/net/http/message.js";
import { policiesOf } from "../csp.js";
import { plainHttpIn, policiesInMeta, tagsIn } from "../html.js";
import { not, pass, type Rules } from "./rule.js";

export const MIXED_CONTENT: Rules = {
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
};
