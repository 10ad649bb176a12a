import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dataAllowPlaintext, dataExpectations, dataInput, dataOutput, dataPassword, dataUsername } from "../../schemas/data.js";
import { DATA_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { list, nullable, record } from "../../schemas/shape.js";

const name = { type: "string", minLength: 1, maxLength: 256, format: "one-line" } as const;

const expectations = {
  type: "object",
  properties: {
    ...dataExpectations,
    cluster_name: { ...name, description: "The name of the cluster." },
    data_center: { ...name, description: "The data centre of the node." },
    anonymous_access: { type: "boolean", description: "Whether the server wants no login." },
    min_peers: { type: "integer", minimum: 0, maximum: 1000, description: "The node knows at least this number of others." },
    schema_agreement: { type: "boolean", description: "Whether all nodes that it knows have the same schema." },
    max_clock_offset_ms: { type: "number", exclusiveMinimum: 0, maximum: 86_400_000, description: "The server's clock differs by no more." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.cassandra 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["none", "implicit"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 9042, description: "The port to connect to." },
    auth: {
      type: "object",
      description: "Logs in by a user name and a password.",
      properties: { username: dataUsername, password: dataPassword, allow_plaintext: dataAllowPlaintext },
      required: ["username", "password"],
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const text = nullable({ type: "string" });

const output = contract({
  title: "data.cassandra 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      anonymous_access: nullable({ type: "boolean" }, "The server wants no login; null if that is not known."),
      authenticator: nullable({ type: "string" }, "The class by which the server authenticates; null if it wants no login."),
      protocol_versions: list({ type: "string" }, "Versions of the protocol that the server speaks, as 4/v4."),
      cql_version: nullable({ type: "string" }, "The version of the language."),
      compression: list({ type: "string" }, "Ways of compression that the server offers; none is used."),
      cluster_name: text,
      data_center: text,
      rack: text,
      partitioner: text,
      peers: list(record({ address: { type: "string" }, data_center: text, server_version: text }), "The other nodes that this one knows, up to 1000."),
      schema_agreement: nullable({ type: "boolean" }, "This node and all that it knows have the same schema."),
      server_time: nullable({ type: "string" }, "The server's clock, in UTC."),
      clock_offset_ms: nullable({ type: "number" }, "How far it is ahead of this machine's clock."),
      ping_ms: nullable({ type: "number" }, "From OPTIONS, after the login, to its answer."),
      server_error: nullable(record({ code: { type: "integer" }, message: { type: "string" } }), "What the server said of the last request that it refused."),
      findings: list(findingSchema),
    },
    DATA_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
