import { fieldValue } from "../../../runner/net/http/message.js";
import { not, pass, type Rules, shown, tokenOf } from "./rule.js";

const OPENER_POLICIES = new Set(["same-origin", "same-origin-allow-popups", "noopener-allow-popups"]);

/** What pages of other origins can reach. */
export const CROSS_ORIGIN: Rules = {
  // HTML, section 7.1.3.
  cross_origin_opener({ fields, url }) {
    const evidence = shown(fields, "cross-origin-opener-policy");
    if (url.protocol !== "https:") return not("not_applicable", "it counts over HTTPS only", evidence);
    return OPENER_POLICIES.has(tokenOf(fields, "cross-origin-opener-policy"))
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

  // Fetch, section 4.10: compared byte by byte.
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
};
