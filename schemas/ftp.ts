import type { FromSchema } from "json-schema-to-ts";
import { nullable, record } from "./shape.js";

/** One transfer over a data connection. */
export const ftpTransferProperties = {
  command: { type: "string", description: "The command, as it was sent." },
  passive: nullable(
    record({
      command: { enum: ["EPSV", "PASV"] },
      ip_address: nullable({ type: "string" }, "The address in the reply to PASV; null for EPSV, whose reply has none."),
      port: { type: "integer" },
      is_other_host: {
        type: "boolean",
        description:
          "The reply to PASV names another host than the control connection reached. It is never connected to: the data connection goes to the same host.",
      },
    }),
    "Where the server waited for the data connection; null if it did not say.",
  ),
  tls: nullable(
    record({
      version: { type: "string" },
      cipher: { type: "string" },
      is_resumed: { type: "boolean", description: "The data connection resumed the TLS session of the control connection." },
      is_same_certificate: { type: "boolean", description: "It has the certificate of the control connection." },
    }),
    "TLS of the data connection; null if it was in plain text, or was not reached.",
  ),
  first_byte_ms: nullable({ type: "number" }, "From sending the command to the first byte; null if there was none."),
  transfer_ms: nullable({ type: "number" }, "From sending the command to the end of the data; null if it was not reached."),
  bytes: { type: "integer", description: "Bytes that arrived." },
  is_truncated: { type: "boolean", description: "The limit of the input was reached, and the data connection closed here." },
  is_complete: { type: "boolean", description: "The server sent everything and confirmed it." },
} as const;

const transferRecord = record(ftpTransferProperties);
export type FtpTransfer = FromSchema<typeof transferRecord>;
