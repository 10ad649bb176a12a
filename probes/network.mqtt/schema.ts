import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { orReference, secretSchema, textOrSecret } from "../../schemas/secret.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { tlsClientInput, tlsFactsSchema, tlsInput } from "../../schemas/tls.js";

const topic = { type: "string", minLength: 1, maxLength: 1024, format: "one-line" } as const;

const expectations = {
  type: "object",
  properties: {
    min_messages: {
      type: "integer",
      minimum: 0,
      maximum: 1000,
      description: "At least this number of live messages arrive within wait_ms. Retained ones do not count.",
    },
    message: expectedValue("The text of the last message, retained or live."),
    max_ping_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "The ping takes no longer." },
    max_round_trip_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "The published message comes back within this time." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "network.mqtt 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The broker's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, description: "The port; 1883 by default, 8883 for TLS; over a WebSocket 80 and 443." },
    transport: { enum: ["tcp", "websocket"], default: "tcp", description: "websocket: MQTT in a WebSocket (RFC 6455) with the subprotocol mqtt." },
    path: {
      type: "string",
      pattern: "^/[!-~]*$",
      maxLength: 1024,
      default: "/mqtt",
      description: "The path and query of the WebSocket.",
    },
    version: { enum: ["3.1.1", "5"], default: "5", description: "The version of MQTT." },
    tls: {
      type: "object",
      description: "How the connection is secured.",
      properties: { mode: { enum: ["none", "implicit"], default: "none", description: "implicit: TLS from the first byte." }, ...tlsInput, ...tlsClientInput },
      additionalProperties: false,
      default: {},
    },
    username: orReference({ type: "string", minLength: 1, maxLength: 1024, format: "one-line" }, "The user name."),
    password: { ...secretSchema, description: "The password. It is sent without TLS only if that is allowed." },
    allow_plaintext: { type: "boolean", default: false, description: "Send the password even without TLS." },
    client_id: {
      type: "string",
      minLength: 1,
      maxLength: 128,
      format: "one-line",
      description: "A random one by default: a broker ends the older of two clients of one name.",
    },
    subscribe: {
      type: "array",
      maxItems: 16,
      items: {
        type: "object",
        properties: {
          topic: { ...topic, description: "A topic, or a filter with + and #." },
          qos: { type: "integer", minimum: 0, maximum: 2, default: 0, description: "The quality of service to ask for." },
        },
        required: ["topic"],
        additionalProperties: false,
      },
      default: [],
      description: "What to subscribe to.",
    },
    wait_ms: {
      type: "integer",
      minimum: 0,
      maximum: 600_000,
      default: 1000,
      description: "How long to wait for messages. It ends early once min_messages of expect have come.",
    },
    publish: {
      type: "object",
      properties: {
        topic: { ...topic, description: "The topic, without + and #." },
        payload: textOrSecret({ type: "string", maxLength: 65_536 }, "The message."),
        retain: { type: "boolean", default: false, description: "The broker keeps it for later subscribers." },
      },
      required: ["topic", "payload"],
      additionalProperties: false,
      description: "Publishes a message, and waits for it if it is subscribed to. Nothing is published without this field.",
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
    ...networkInput,
  },
  required: ["target_host"],
  additionalProperties: false,
  examples: [{ target_host: "127.0.0.1", target_port: 1883 }],
});

const MQTT_PHASES = ["resolve", "connect", "tls", "request", "first_byte", "headers", "body", "greeting", "auth", "command", "probe"] as const;

const output = contract({
  title: "network.mqtt 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      target_port: { type: "integer" },
      ...networkOutput,
      tls: nullable(tlsFactsSchema, "The TLS session; null if there was none."),
      version: { enum: ["3.1.1", "5"] },
      connack: nullable(
        record({
          code: { type: "integer", description: "0 is success." },
          reason: { type: "string" },
          session_present: { type: "boolean" },
          properties: {
            type: "object",
            additionalProperties: { anyOf: [{ type: "string" }, { type: "number" }] },
            description: "Of version 5, such as server_keep_alive and maximum_qos.",
          },
        }),
        "How the broker answered the connection.",
      ),
      subscriptions: list(
        record({
          topic: { type: "string" },
          code: nullable({ type: "integer" }, "The granted quality of service; 128 and above is a refusal."),
          reason: nullable({ type: "string" }),
        }),
      ),
      messages: list(
        record({
          topic: { type: "string" },
          retained: { type: "boolean", description: "The broker kept it: it says nothing about its sender being alive." },
          qos: { type: "integer" },
          duplicate: { type: "boolean" },
          payload_bytes: { type: "integer" },
          payload: nullable({ type: "string" }, "Its beginning as text; null if it is none."),
          at_ms: { type: "number", description: "When it arrived, since the run began." },
        }),
        "The messages that arrived, up to 100.",
      ),
      message_count: { type: "integer", description: "All messages that arrived." },
      live_count: { type: "integer", description: "Those of them that the broker had not kept." },
      published: nullable(
        record({
          code: { type: "integer", description: "0 is success, 16 that it has no subscriber." },
          reason: { type: "string" },
          round_trip_ms: nullable({ type: "number" }, "Until the message came back by a subscription; null if it did not."),
        }),
        "The message that was published; null if none was.",
      ),
      ping_ms: nullable({ type: "number" }, "From the ping to its answer."),
      findings: list(findingSchema),
    },
    MQTT_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
