import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { HTTP_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { clientInput, HTTP_VERSIONS, hopSchema, requestInput } from "../../schemas/http.js";
import { textOrSecret } from "../../schemas/secret.js";
import { serviceExpectations } from "../../schemas/service.js";
import { list, nullable, record } from "../../schemas/shape.js";

const most = (description: string) => ({ type: "number", exclusiveMinimum: 0, maximum: 3_600_000, description }) as const;

/** What the caller wants to be so. Each field that is given is checked. */
const expectations = {
  type: "object",
  properties: {
    status: expectedValue("The last response's status code: a number, a list of numbers, or assertions. Without it, 400 and above is an error."),
    headers: {
      type: "object",
      maxProperties: 64,
      propertyNames: { format: "header-name", maxLength: 128 },
      additionalProperties: expectedValue("The field's value, repeated fields joined by commas; null if there is none."),
      description: "Header fields of the last response, by name.",
    },
    body: expectedValue("The last response's decoded body as text, up to its first 4 MiB; matches looks at the first 64 KiB."),
    url: expectedValue("The URL of the last response, after redirects."),
    http_version: { enum: HTTP_VERSIONS, description: "The version of the last response." },
    max_resolve_ms: most("Looking up addresses takes no longer, over all hops."),
    max_connect_ms: most("Connecting takes no longer, over all hops."),
    max_tls_ms: most("TLS handshakes take no longer, over all hops."),
    max_first_byte_ms: most("Waiting for responses to begin takes no longer, over all hops."),
    max_body_ms: most("Reading bodies takes no longer, over all hops."),
    max_duration_ms: serviceExpectations.max_duration_ms,
    max_redirects: { type: "integer", minimum: 0, maximum: 10, description: "No more redirects than this." },
    min_tls_version: serviceExpectations.min_tls_version,
    min_certificate_days: { ...serviceExpectations.min_certificate_days, description: "Every hop's certificate is valid for at least this many more days." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "webapp.http 1.0.0 input",
  type: "object",
  properties: {
    url: { type: "string", format: "http-url", maxLength: 8192, examples: ["http://127.0.0.1/"], description: "The http:// or https:// URL to request." },
    ...requestInput,
    body: textOrSecret({ type: "string", maxLength: 1_048_576 }, "The request's body, or a reference to it. Its type is given in headers."),
    follow: {
      anyOf: [{ type: "boolean" }, { type: "integer", minimum: 0, maximum: 10 }],
      default: true,
      description: "How many redirects to follow: true = 10, false = none.",
    },
    allow_private_redirects: {
      type: "boolean",
      default: false,
      description: "Follow redirects to addresses that are not public. The URL's own host is always allowed.",
    },
    compression: {
      type: "array",
      maxItems: 3,
      items: { enum: ["gzip", "br", "deflate"] },
      default: [],
      description: "Encodings to ask for in Accept-Encoding. Whatever the server sends is decoded.",
    },
    max_body_bytes: { type: "integer", minimum: 0, maximum: 1_073_741_824, default: 1_048_576, description: "Reading stops here, as sent or decoded." },
    expect: { ...expectations, description: "Expectations whose violation is an error." },
    prefer: { ...expectations, description: "Expectations whose violation is a warning." },
    ...clientInput,
  },
  required: ["url"],
  additionalProperties: false,
});

const bodySchema = nullable(
  record({
    bytes: { type: "integer", description: "As sent, without the framing of chunks." },
    decoded_bytes: { type: "integer", description: "After Content-Encoding is removed." },
    sha256: nullable({ type: "string" }, "Of the decoded body, in hexadecimal; null if it was not read to its end."),
    truncated: { type: "boolean", description: "Reading stopped at max_body_bytes." },
    content_type: nullable({ type: "string" }, "The media type, without its parameters."),
    charset: nullable({ type: "string" }, "The charset that Content-Type names."),
    content_encoding: nullable({ type: "string" }, "As the response says it."),
  }),
  "The body of the last response; null if there was no response.",
);

const output = contract({
  title: "webapp.http 1.0.0 output",
  ...outputOf(
    {
      url: { type: "string", description: "The URL as given in the input." },
      final_url: nullable({ type: "string" }, "The URL of the last response; null if there was none."),
      hops: list(hopSchema, "Every request that was sent, in order: the first one and one for each redirect."),
      body: bodySchema,
      alternatives: list(
        record({
          protocol: { type: "string", description: "h3 is HTTP/3." },
          host: { type: "string", description: "Empty for the same host." },
          port: { type: "integer" },
          max_age_s: { type: "integer" },
        }),
        "Other services that the last response advertises in Alt-Svc (RFC 7838).",
      ),
      findings: list(findingSchema, "Judgements that explain why the status is not ok."),
    },
    HTTP_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
