import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** One hop of a message, as recorded by the receiving host (RFC 5321, section 4.4). */
export const receivedHopSchema = record({
  from: nullable({ type: "string" }, "The sending host, as named in the field."),
  helo: nullable({ type: "string" }, "The name the host gave in EHLO, if the field records it separately."),
  ip_address: nullable({ type: "string" }, "Its address."),
  by: nullable({ type: "string" }, "Who took it, and wrote this."),
  with: nullable({ type: "string" }, "The protocol as written in the field: ESMTPS, LMTP, Microsoft SMTP Server."),
  id: nullable({ type: "string" }, "The message's queue id on that host."),
  for: nullable({ type: "string" }, "The recipient."),
  tls: nullable(
    record({ version: { type: "string" }, cipher: nullable({ type: "string" }), bits: nullable({ type: "integer" }) }),
    "The encryption as recorded in the field; null if it records none, which does not mean that there was none.",
  ),
  date: nullable({ type: "string" }, "When the host received it, by its own clock, in UTC to the second; null if the date cannot be parsed."),
  delay_to_next_seconds: nullable(
    { type: "number" },
    "Time from this hop to the next, by the clocks of both hosts: negative if these disagree. Null for the last hop, or if a date is missing.",
  ),
});
export type ReceivedHop = FromSchema<typeof receivedHopSchema>;

export const receivedHopsSchema = list(receivedHopSchema, "Every hop in the order of travel, the sender's first.");
