import type { FromSchema } from "json-schema-to-ts";
import { list, nullable, record } from "./shape.js";

/** One hop of a message, as the host that took it wrote it into the message (RFC 5321, section 4.4). */
export const receivedHopSchema = record({
  from: nullable({ type: "string" }, "Who handed the message over, as the line names it."),
  helo: nullable({ type: "string" }, "What that host called itself, where the line tells it apart from its name."),
  ip_address: nullable({ type: "string" }, "Its address."),
  by: nullable({ type: "string" }, "Who took it, and wrote this."),
  with: nullable({ type: "string" }, "The protocol, in the line's own word: ESMTPS, LMTP, Microsoft SMTP Server."),
  id: nullable({ type: "string" }, "The message's name in that host's queue and log."),
  for: nullable({ type: "string" }, "The recipient."),
  tls: nullable(
    record({ version: { type: "string" }, cipher: nullable({ type: "string" }), bits: nullable({ type: "integer" }) }),
    "What the line tells of the encryption; null where it tells nothing, which does not mean that there was none.",
  ),
  date: nullable({ type: "string" }, "When, by that host's clock, in UTC to the second; null where it cannot be read."),
  delay_to_next_seconds: nullable(
    { type: "number" },
    "From this hop to the next one, by the clocks of two hosts: below zero where these do not go together. Null for the last hop, and where a date is missing.",
  ),
});
export type ReceivedHop = FromSchema<typeof receivedHopSchema>;

export const receivedHopsSchema = list(receivedHopSchema, "Every hop in the order of travel: the sender's own first.");
