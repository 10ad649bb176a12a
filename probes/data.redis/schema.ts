import { expectedValue } from "../../schemas/assertion.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { dataAllowPlaintext, dataExpectations, dataInput, dataOutput, dataPassword, dataRows, dataUsername } from "../../schemas/data.js";
import { DATA_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { READ_COMMANDS } from "./read-commands.js";

const ROLES = ["primary", "replica", "sentinel"] as const;

const expectations = {
  type: "object",
  properties: {
    ...dataExpectations,
    role: { enum: ROLES, description: "The server's role." },
    anonymous_access: { type: "boolean", description: "Whether the server answers commands without a login." },
    min_replicas: { type: "integer", minimum: 0, maximum: 1000, description: "At least this number of replicas is connected." },
    max_memory_percent: {
      type: "number",
      exclusiveMinimum: 0,
      maximum: 100,
      description: "No more of the memory limit is used. It holds if there is no limit.",
    },
    max_clients_percent: { type: "number", exclusiveMinimum: 0, maximum: 100, description: "No more of the allowed clients are connected." },
    max_clock_offset_ms: { type: "number", exclusiveMinimum: 0, maximum: 86_400_000, description: "The server's clock differs by no more." },
  },
  additionalProperties: false,
} as const;

const input = contract({
  title: "data.redis 1.0.0 input",
  type: "object",
  properties: {
    ...dataInput(["none", "implicit"]),
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 6379, description: "The port; 26379 is Sentinel's." },
    auth: {
      type: "object",
      description: "Logs in by AUTH.",
      properties: { username: dataUsername, password: dataPassword, allow_plaintext: dataAllowPlaintext },
      required: ["password"],
      additionalProperties: false,
    },
    resp_version: { enum: ["auto", "2", "3"], default: "auto", description: "The version of the protocol. auto: 3 if the server knows it." },
    database: { type: "integer", minimum: 0, maximum: 65_535, description: "The database to read from (SELECT)." },
    reads: {
      type: "array",
      maxItems: 16,
      default: [],
      items: {
        type: "object",
        properties: {
          command: { enum: Object.keys(READ_COMMANDS) as (keyof typeof READ_COMMANDS)[], description: "A command that reads a bounded amount." },
          arguments: {
            type: "array",
            maxItems: 16,
            items: { type: "string", maxLength: 1024 },
            default: [],
            description: "Its arguments: the key first.",
          },
          value: expectedValue("What the first value must be like; otherwise it is an error."),
        },
        required: ["command"],
        additionalProperties: false,
      },
      description: "What to read. Each gives one row.",
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const count = { type: "integer" } as const;

const output = contract({
  title: "data.redis 1.0.0 output",
  ...outputOf(
    {
      ...dataOutput,
      anonymous_access: nullable({ type: "boolean" }, "The server answers commands without a login; null if that is not known."),
      resp_version: nullable({ type: "integer" }, "The version of the protocol that was used, 2 or 3."),
      server_name: nullable({ type: "string" }, "redis, valkey or another."),
      mode: nullable({ type: "string" }, "standalone, cluster or sentinel."),
      role: nullable({ enum: ROLES }, "What the server is; null if it does not say."),
      uptime_s: nullable(count, "Since the server started."),
      loading: nullable({ type: "boolean" }, "It still reads its data from disk."),
      server_time: nullable({ type: "string" }, "The server's clock, in UTC."),
      clock_offset_ms: nullable({ type: "number" }, "How far it is ahead of this machine's clock."),
      ping_ms: nullable({ type: "number" }, "From the last PING to its answer."),
      clients: nullable(record({ connected: nullable(count), max: nullable(count, "The limit of the configuration.") })),
      memory: nullable(
        record({
          used_bytes: nullable(count),
          limit_bytes: nullable(count, "0 is no limit."),
          policy: nullable({ type: "string" }, "What happens at the limit, as noeviction."),
        }),
      ),
      persistence: nullable(
        record({
          last_save_ok: nullable({ type: "boolean" }, "The last snapshot was written."),
          last_append_ok: nullable({ type: "boolean" }, "The last write to the append-only file went well."),
        }),
      ),
      replication: nullable(
        record({
          replicas: nullable(count, "Replicas that are connected."),
          primary_host: nullable({ type: "string" }, "The server that a replica follows."),
          primary_port: nullable(count),
          primary_link: nullable({ type: "string" }, "up or down."),
          primary_last_io_s: nullable(count, "How long ago the primary said something."),
          stream_bytes: nullable({ type: "number" }, "How far the stream of changes has come."),
        }),
      ),
      cluster: nullable(
        record({
          state: nullable({ type: "string" }, "ok or fail."),
          slots_ok: nullable(count, "Of 16384."),
          known_nodes: nullable(count),
          primaries: nullable(count, "Those that serve slots."),
        }),
        "Of CLUSTER INFO; null if the server is in no cluster.",
      ),
      sentinel: list(
        record({
          name: { type: "string" },
          status: { type: "string", description: "ok, or why not, as odown." },
          address: { type: "string", description: "Of the primary." },
          replicas: nullable(count),
          sentinels: nullable(count),
        }),
        "The primaries that a Sentinel watches.",
      ),
      reads: list(
        record({
          command: { type: "string" },
          type: { type: "string", description: "The kind of the reply: bulk, number, null, list, …" },
          error: nullable({ type: "string" }, "What the server says if it refuses, as MOVED 3999 192.0.2.1:6381."),
          duration_ms: { type: "number" },
        }),
        "What was read, as it was asked for.",
      ),
      ...dataRows,
      findings: list(findingSchema),
    },
    DATA_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
export type Expectations = NonNullable<Input["expect"]>;
