import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { failureIn, HTTP_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { clientInput, hopSchema, requestInput } from "../../schemas/http.js";
import { list, nullable, record, withoutDefault } from "../../schemas/shape.js";
import { TLS_POLICY_NAMES, tlsScanSchema } from "../../schemas/tls-scan.js";

/** Of 1.0.0. */
const inputFields = {
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
  timeout_ms: { ...withoutDefault(clientInput.timeout_ms), description: "Timeout for the whole run; by default 120 seconds, and 10 more for each path." },
} as const;

const rules = list(
  record({
    rule: { type: "string", description: "A stable name for programs." },
    result: { enum: ["pass", "warning", "error", "not_applicable", "unknown"] },
    message: { type: "string", description: "What was found." },
    evidence: list({ type: "string" }, "The header fields or texts that show it."),
    fix: nullable({ type: "string" }, "The header field to send, or the text to publish; null if there is nothing to change."),
  }),
  "Every rule, whether it holds or not.",
);

const outputFields = {
  url: { type: "string" },
  final_url: nullable({ type: "string" }, "The page that was judged; null if there was none."),
  hops: list(hopSchema, "The requests to the page, redirects included."),
  rules,
  tls: nullable(tlsScanSchema, "The scan of the page's TLS server, as security.tls makes it; null if there was none."),
  findings: list(findingSchema, "The rules that do not hold."),
} as const;

export const GRADES = ["A", "B", "C", "D", "F"] as const;

const score = nullable(
  record({
    points: { type: "integer", minimum: 0, maximum: 100, description: "100 without what the reasons take away." },
    grade: nullable({ enum: GRADES }, "A from 90 points on, B from 80, C from 65, D from 50, else F; null while a rule is unknown."),
    reasons: list(
      record({
        rule: { type: "string" },
        points: { type: "integer", minimum: 1, description: "What it takes away." },
        message: { type: "string", description: "What was found." },
      }),
      "Every rule that lowers the score, the costliest first.",
    ),
    unknown: list({ type: "string" }, "Rules that could not be judged: the score may be lower."),
    table: { type: "string", description: "The version of the table of points." },
  }),
  "What the rules amount to; null if there was no page.",
);

const paths = list(
  record({
    path: { type: "string" },
    final_url: nullable({ type: "string" }, "The page that was judged; null if there was none."),
    failure: failureIn(HTTP_PHASES),
    hops: list(hopSchema, "The requests to the page, redirects included."),
    rules: { ...rules, description: "Every rule but those that are the same for the whole site: https_redirect, tls and security_txt." },
    score: { ...score, description: "What its rules and those of the whole site amount to; null if there was no page." },
  }),
  "The other pages, one entry for each of the input's paths.",
);

const inputOf = <const Fields extends Readonly<Record<string, unknown>>>(version: string, properties: Fields) =>
  ({ title: `webapp.security ${version} input`, type: "object", properties, required: ["url"], additionalProperties: false }) as const;

const input = contract(
  inputOf("1.1.0", {
    ...inputFields,
    paths: {
      type: "array",
      items: { type: "string", pattern: "^/([^/\\\\\\s#][^\\\\\\s#]*)?$", maxLength: 4096, description: "From its first slash on, without a fragment." },
      maxItems: 10,
      uniqueItems: true,
      default: [],
      description: "Other pages of the URL's origin to judge, from their first slash on. Each takes two more requests.",
    },
  }),
);
const output = contract({ title: "webapp.security 1.1.0 output", ...outputOf({ ...outputFields, score, paths }, HTTP_PHASES) });

export const newest = { version: "1.1.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Rule = Output["rules"][number];
export type Score = NonNullable<Output["score"]>;

/** Without paths and score. */
export const first = {
  input: contract(inputOf("1.0.0", inputFields)),
  output: contract({ title: "webapp.security 1.0.0 output", ...outputOf(outputFields, HTTP_PHASES) }),
} as const;
