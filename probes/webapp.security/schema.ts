import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { HTTP_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { clientInput, hopSchema, requestInput } from "../../schemas/http.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { TLS_POLICY_NAMES, tlsScanSchema } from "../../schemas/tls-scan.js";

const input = contract({
  title: "webapp.security 1.0.0 input",
  type: "object",
  properties: {
    url: { type: "string", format: "http-url", maxLength: 8192, examples: ["http://127.0.0.1/"], description: "The page to judge." },
    headers: requestInput.headers,
    auth: requestInput.auth,
    http_port: { type: "integer", minimum: 1, maximum: 65535, default: 80, description: "Where plain HTTP should redirect to HTTPS." },
    tls_policy: {
      enum: [...TLS_POLICY_NAMES, "none"],
      default: "probe-run",
      description: "The policy that the TLS server of the page is judged by, as in security.tls; none leaves its scan out.",
    },
    allow_private_redirects: { type: "boolean", default: false, description: "Follow redirects to addresses that are not public." },
    ...clientInput,
  },
  required: ["url"],
  additionalProperties: false,
});

const output = contract({
  title: "webapp.security 1.0.0 output",
  ...outputOf(
    {
      url: { type: "string" },
      final_url: nullable({ type: "string" }, "The page that was judged; null if there was none."),
      hops: list(hopSchema, "The requests to the page, redirects included."),
      rules: list(
        record({
          rule: { type: "string", description: "A stable name for programs." },
          result: { enum: ["pass", "warning", "error", "not_applicable", "unknown"] },
          message: { type: "string", description: "What was found." },
          evidence: list({ type: "string" }, "The header fields or texts that show it."),
          fix: nullable({ type: "string" }, "The header field to send, or the text to publish; null if there is nothing to change."),
        }),
        "Every rule, whether it holds or not.",
      ),
      tls: nullable(tlsScanSchema, "The scan of the page's TLS server, as security.tls makes it; null if there was none."),
      findings: list(findingSchema, "The rules that do not hold."),
    },
    HTTP_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Rule = Output["rules"][number];
