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
    message: expectedValue("The server's WebSocket message, or the data of the first event; null if there was none."),
    url: expectedValue("The URL of the last response, after redirects."),
    http_version: { enum: HTTP_VERSIONS, description: "The version of the last response." },
    http3: { type: "boolean", description: "Whether QUIC answers. Needs http3 of the input." },
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
    websocket: {
      type: "object",
      properties: {
        protocols: {
          type: "array",
          maxItems: 16,
          uniqueItems: true,
          items: { type: "string", format: "header-name", maxLength: 128 },
          description: "Subprotocols to offer, the preferred one first.",
        },
        send: textOrSecret({ type: "string", maxLength: 65_536 }, "A text message, which the server must answer with a message. Without it, a ping is sent."),
      },
      additionalProperties: false,
      description: "Opens a WebSocket at the URL (https: for wss:) and makes one round trip.",
    },
    events: { type: "boolean", default: false, description: "Asks for server-sent events, and reads until the first event is complete." },
    http3: {
      type: "boolean",
      default: false,
      description: "Also finds out whether the host of the last response has HTTPS records, and whether QUIC answers there. No request is sent over HTTP/3.",
    },
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
    truncated: { type: "boolean", description: "Reading stopped before the end, at max_body_bytes or after the first event." },
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
      websocket: nullable(
        record({
          protocol: nullable({ type: "string" }, "The subprotocol that the server chose."),
          round_trip_ms: nullable({ type: "number" }, "From the ping to its pong, or from the message to the server's message; null if none came."),
          message: nullable({ type: "string" }, "The beginning of the server's message."),
          close_code: nullable({ type: "integer" }, "The status with which the server closed; null if it did not answer the closing handshake."),
        }),
        "The WebSocket; null if none was opened.",
      ),
      event: nullable(
        record({
          type: { type: "string", description: "message unless the server names another type." },
          id: nullable({ type: "string" }),
          data: { type: "string", description: "The beginning of the event's data." },
        }),
        "The first server-sent event; null if there was none. The time until its end is body_ms of the last hop.",
      ),
      matches: list(
        record({
          target: { type: "string", description: "body, message, url, or header NAME." },
          severity: { enum: ["error", "warning"], description: "error: it is expected. warning: it is preferred." },
          assertion: { enum: ["matches", "contains"] },
          wanted: { type: "string", description: "The regular expression, or the text." },
          found: nullable({ type: "string" }, "The beginning of what matched first; null if nothing did."),
        }),
        "What each assertion found that looks for something in a text; empty if there was no response.",
      ),
      http3: nullable(
        record({
          advertised: { type: "boolean", description: "The last response, or an HTTPS record of its host, names HTTP/3." },
          advertised_by: list({ enum: ["alt_svc", "https_record"] }, "Where it is named."),
          https_records: list(
            record({
              priority: { type: "integer", description: "0 is an alias." },
              target: { type: "string", description: ". is the host itself." },
              alpn: list({ type: "string" }, "Protocols: h3 is HTTP/3, h2 is HTTP/2."),
              port: nullable({ type: "integer" }, "Null for the usual one."),
            }),
            "The HTTPS records of the host (RFC 9460), the preferred one first.",
          ),
          https_record_error: nullable({ type: "string" }, "Why no name server answered the question for them."),
          host: { type: "string" },
          port: { type: "integer" },
          answered: { type: "boolean", description: "QUIC answered a version negotiation." },
          versions: list({ type: "string" }, "The versions that it named: 1 is RFC 9000."),
          error: nullable({ type: "string" }, "Why there was no answer."),
        }),
        "Null if it was not asked for.",
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
