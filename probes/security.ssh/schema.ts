import { HOST_KEY_ALGORITHMS } from "../../runner/net/ssh/host-key.js";
import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { SSH_PHASES } from "../../schemas/failure.js";
import { findingSchema } from "../../schemas/finding.js";
import { networkInput, networkOutput } from "../../schemas/network.js";
import { list, nullable, record } from "../../schemas/shape.js";

const input = contract({
  title: "security.ssh 1.0.0 input",
  type: "object",
  properties: {
    target_host: { type: "string", format: "host", description: "The server's host name, or its IPv4 or IPv6 address." },
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 22, description: "The port to connect to." },
    host_key_algorithms: {
      type: "array",
      minItems: 1,
      maxItems: HOST_KEY_ALGORITHMS.length,
      uniqueItems: true,
      items: { enum: HOST_KEY_ALGORITHMS },
      description: "Asks for the host key of each of these, in a connection each. By default only for the one that is negotiated.",
    },
    all_host_keys: {
      type: "boolean",
      default: false,
      description: "Also asks for the host key of every other type that the server offers, in a connection each.",
    },
    group_sizes: {
      type: "boolean",
      default: false,
      description: "Also asks for the smallest group that diffie-hellman-group-exchange gives, in a connection of its own.",
    },
    known_keys: {
      type: "array",
      maxItems: 64,
      items: { type: "string", pattern: "^SHA256:[A-Za-z0-9+/]{43}$" },
      description: "Fingerprints as ssh-keygen -l prints them. A host key that is none of them is an error.",
    },
    policy: { enum: ["probe-run", "none"], default: "probe-run", description: "Whether weak algorithms and keys are findings." },
    ...networkInput,
    command_timeout_ms: { ...networkInput.command_timeout_ms, description: "Timeout for the identification and for each message." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const names = list({ type: "string" });

const output = contract({
  title: "security.ssh 1.0.0 output",
  ...outputOf(
    {
      target_host: { type: "string" },
      target_port: { type: "integer" },
      ...networkOutput,
      banner: nullable({ type: "string" }, "The server's identification, as SSH-2.0-OpenSSH_9.2."),
      protocol_version: nullable({ type: "string" }, "2.0; 1.99 also speaks version 1."),
      software: nullable({ type: "string" }, "What the server calls itself."),
      lines_before: list({ type: "string" }, "Lines that came before the identification."),
      algorithms: nullable(
        record({
          key_exchange: names,
          host_key: names,
          encryption_to_server: names,
          encryption_to_client: names,
          mac_to_server: names,
          mac_to_client: names,
          compression_to_server: names,
          compression_to_client: names,
        }),
        "What the server offers, its preferred algorithms first.",
      ),
      negotiated: nullable(record({ key_exchange: { type: "string" }, host_key: { type: "string" } }), "What was used in the first connection."),
      strict_key_exchange: nullable({ type: "boolean" }, "The server supports the remedy against Terrapin (CVE-2023-48795)."),
      post_quantum: nullable({ type: "boolean" }, "A key exchange that resists quantum computers is offered."),
      group_exchange_bits: nullable(
        { type: "integer" },
        "The size of the group that diffie-hellman-group-exchange gave when 1024 bits were asked for; null if it was not used.",
      ),
      host_keys: list(
        record({
          type: { type: "string", description: "As ssh-ed25519 or ssh-rsa." },
          bits: nullable({ type: "integer" }),
          sha256: { type: "string", description: "The fingerprint, as OpenSSH writes it." },
          verified: nullable(
            { type: "boolean" },
            "The server signed the exchange with this key, so that it has it; null if the signature cannot be checked here.",
          ),
          known: nullable({ type: "boolean" }, "It is one of known_keys; null without them."),
        }),
        "The host keys that were shown.",
      ),
      findings: list(findingSchema),
    },
    SSH_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
