import { STARTTLS_PROTOCOLS } from "../../runner/net/starttls/preludes.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { CONVERSATION_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { textOrSecret } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

const ACTIONS = ["send", "send_base64", "expect", "expect_base64", "matches", "start_tls"] as const;

/** Not part of the type: the code looks at each action anyway. */
const exactlyOneAction: object = { oneOf: ACTIONS.map((name) => ({ properties: { [name]: {} }, required: [name] })) };

const step = {
  type: "object",
  properties: {
    name: { type: "string", format: "one-line", minLength: 1, maxLength: 64, description: "What the step is called in the output." },
    send: textOrSecret(
      { type: "string", minLength: 1, maxLength: 65_536 },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders of a step
      "Text to send as UTF-8, exactly as it stands: write \\r\\n where a line ends. ${name} and ${1} stand for what an earlier step captured.",
    ),
    send_base64: { type: "string", minLength: 1, maxLength: 87_384, format: "base64", description: "Bytes to send." },
    expect: { type: "string", minLength: 1, maxLength: 1024, description: "Waits for this text." },
    expect_base64: { type: "string", minLength: 1, maxLength: 1368, format: "base64", description: "Waits for these bytes." },
    matches: {
      type: "string",
      minLength: 1,
      maxLength: 256,
      format: "regular-expression",
      description: "Waits for a line that this regular expression matches; the lines before it are skipped. Its groups are captured.",
    },
    start_tls: { const: true, description: "Begins TLS here." },
    max_bytes: { type: "integer", minimum: 1, maximum: 1_048_576, default: 65_536, description: "The step fails if it has to read more than this." },
    timeout_ms: { type: "integer", minimum: 1, maximum: 600_000, description: "For this step; command_timeout_ms by default." },
  },
  ...exactlyOneAction,
  additionalProperties: false,
} as const;

const input = contract({
  title: "network.tcp 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, description: "The port to connect to." },
    starttls: { enum: STARTTLS_PROTOCOLS, description: "The protocol whose upgrade to TLS is asked for before the steps." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: {
        mode: { enum: ["none", "implicit"], default: "none", description: "implicit: TLS from the first byte." },
        ...tlsInput,
      },
      additionalProperties: false,
      default: {},
    },
    steps: {
      type: "array",
      maxItems: 100,
      items: step,
      default: [],
      description: "The conversation, step by step. Without any, the probe only connects.",
    },
    ...networkInput,
    command_timeout_ms: { ...networkInput.command_timeout_ms, description: "For the TLS handshake, and for each step." },
  },
  required: ["target_host", "target_port"],
  additionalProperties: false,
  examples: [{ target_host: "127.0.0.1", target_port: 22, steps: [{ matches: "^SSH-2" }] }],
});

const output = contract({
  title: "network.tcp 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      target_port: { type: "integer" },
      ...networkOutput,
      tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
      banner: nullable({ type: "string" }, "What the server sent before anything was sent to it, up to 1024 bytes; null if that was nothing."),
      banner_base64: nullable({ type: "string" }, "The same bytes."),
      steps: list(
        record({
          name: { type: "string" },
          outcome: { enum: ["done", "failed", "not_reached"] },
          text: nullable({ type: "string" }, "What matched, or the end of what came instead; null for a step that sends."),
          captures: {
            type: "object",
            additionalProperties: { type: "string" },
            description: "What the groups of the expression matched, by name or number.",
          },
          duration_ms: nullable({ type: "number" }, "How long the step took; null if it did not end."),
        }),
        "One for each step of the input.",
      ),
      bytes_sent: { type: "integer" },
      bytes_received: { type: "integer" },
      findings: list(findingSchema, "What was judged, and why the status is not ok."),
    },
    CONVERSATION_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Step = Input["steps"][number];
