import { outputOf } from "../../schemas/carried.js";
import { contract, type FilledOf } from "../../schemas/contract.js";
import { FTP_PHASES } from "../../schemas/failure.js";
import { ftpTransferProperties } from "../../schemas/ftp.js";
import { secretSchema } from "../../schemas/secret.js";
import { anomalyOf, COMMON_ANOMALIES, serviceExpectations } from "../../schemas/service.js";
import { serviceInput, serviceOutput } from "../../schemas/service-contract.js";
import { list, nullable, record } from "../../schemas/shape.js";
import { capabilitySchema } from "../../schemas/smtp.js";

const { auth_mechanisms: _, ...shared } = serviceExpectations;

const expectations = {
  type: "object",
  properties: {
    ...shared,
    features: {
      type: "array",
      maxItems: 64,
      items: { type: "string", pattern: "^[!-~]+$", maxLength: 64 },
      description: "Features that FEAT must list, as MLST.",
    },
    min_entries: { type: "integer", minimum: 0, maximum: 1_000_000, description: "Minimum number of entries of the list." },
    data_tls: { type: "boolean", description: "Whether data connections must, or must not, have TLS." },
    tls_resumed: { type: "boolean", description: "Whether data connections must resume the TLS session of the control connection." },
    max_first_byte_ms: { type: "number", exclusiveMinimum: 0, maximum: 600_000, description: "Maximum time until the first byte of each transfer." },
  },
  additionalProperties: false,
} as const;

const path = { type: "string", minLength: 1, maxLength: 1024, pattern: "^[^\\u0000-\\u001f\\u007f]+$" } as const;

const input = contract({
  title: "network.ftp 1.0.0 input",
  type: "object",
  properties: {
    ...serviceInput,
    target_port: { type: "integer", minimum: 1, maximum: 65535, default: 21, description: "The port to connect to; 990 has TLS from the first byte." },
    auth: {
      type: "object",
      description: "Logs in by USER and PASS.",
      properties: {
        username: { ...path, maxLength: 256, description: "The user name; anonymous and ftp need no password." },
        password: { ...secretSchema, description: "The password." },
        allow_plaintext: { type: "boolean", default: false, description: "Send the password even without TLS." },
      },
      required: ["username"],
      additionalProperties: false,
    },
    passive: {
      enum: ["auto", "epsv", "pasv"],
      default: "auto",
      description: "How the server is asked for a data connection: auto is EPSV, and PASV if EPSV is refused over IPv4.",
    },
    list: {
      type: "object",
      description: "Lists a directory, and counts its entries.",
      properties: {
        path: { ...path, description: "The directory; without it the one that the server opens after the login." },
        command: { enum: ["LIST", "NLST", "MLSD"], default: "LIST", description: "NLST gives names only; MLSD gives facts in a fixed format." },
        show: { type: "boolean", default: false, description: "Report the entries as they came, 1000 at most." },
        max_entries: { type: "integer", minimum: 1, maximum: 1_000_000, default: 10_000, description: "Stop the list after this number of entries." },
      },
      additionalProperties: false,
    },
    download: {
      type: "object",
      description: "Reads a file, and keeps nothing of it.",
      properties: {
        path: { ...path, description: "The file.", examples: ["README"] },
        max_bytes: { type: "integer", minimum: 1, maximum: 1_073_741_824, default: 1_048_576, description: "Stop after this number of bytes." },
      },
      required: ["path"],
      additionalProperties: false,
    },
    expect: { ...expectations, description: "Requirements: each one that is not met is an error." },
    prefer: { ...expectations, description: "Preferences: each one that is not met is a warning." },
  },
  required: ["target_host"],
  additionalProperties: false,
});

const {
  capabilities: _capabilities,
  capabilities_before_tls: _before,
  auth: _auth,
  findings,
  response_time_ms,
  starttls,
  tls,
  banner,
  ...reached
} = serviceOutput;
const features = list(capabilitySchema);

const output = contract({
  title: "network.ftp 1.0.0 output",
  ...outputOf(
    {
      ...reached,
      banner,
      features: nullable(features, "The features of the last FEAT: from inside TLS, if there is TLS. Null if the server does not know FEAT."),
      features_before_tls: nullable(features, "Features that were listed in plain text before AUTH TLS."),
      starttls,
      tls,
      response_time_ms,
      auth: nullable(record({ anonymous: { type: "boolean" }, accepted: { type: "boolean" } }), "Null when no login was requested, or it was not reached."),
      system: nullable({ type: "string" }, "The reply to SYST after the login, as `UNIX Type: L8`; null without a login."),
      data_protection: nullable(
        { enum: ["private", "clear"] },
        "private: the server accepted PBSZ and PROT P, so that data connections have TLS. Null without TLS.",
      ),
      list: nullable(
        record({
          ...ftpTransferProperties,
          entries: { type: "integer", description: "Entries that arrived." },
          lines: list({ type: "string" }, "The entries as they came; empty unless show is set."),
        }),
        "Null when no list was requested, or it was not reached.",
      ),
      download: nullable(record(ftpTransferProperties), "Null when no file was requested, or it was not reached."),
      anomalies: list(anomalyOf([...COMMON_ANOMALIES, "closed_unasked"]), "Violations of the standard that did not end the conversation."),
      findings,
    },
    FTP_PHASES,
  ),
});

export const newest = { version: "1.0.0", input, output } as const;
export type Input = FilledOf<typeof input>;
export type Output = FilledOf<typeof output>;
