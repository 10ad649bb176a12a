import type { FromSchema } from "json-schema-to-ts";
import { DELIVERY_WAYS } from "./delivery-route.js";
import { PHASES } from "./failure.js";
import { operationSchema } from "./operation.js";
import { list, nullable, record } from "./shape.js";
import { tlsResultSchema, tlsRuleSchema } from "./tls-policy.js";

/** One attempt to deliver a message to a host. */
export const attemptRecord = record({
  way: { enum: DELIVERY_WAYS },
  site: nullable({ type: "string" }, "The mail site; null for a relay."),
  host: { type: "string" },
  ip_address: nullable({ type: "string" }, "Null if no connection was attempted."),
  port: { type: "integer" },
  source_address: nullable({ type: "string" }, "The local address; null if the system chose it."),
  reused: { type: "boolean", description: "True if the session had already carried another message." },
  began: { type: "string", description: "In UTC with microseconds." },
  at_ms: { type: "number", description: "When it began, measured from the start of the run." },
  duration_ms: { type: "number" },
  tls: { enum: ["none", "secured", "refused", "failed"], description: "The outcome of TLS on this connection." },
  tls_version: nullable({ type: "string" }),
  tls_policy: nullable(tlsRuleSchema.properties.source, "The policy that required TLS; null for a relay."),
  tls_result: {
    ...tlsResultSchema.properties.result_type,
    description: "How the session violated the policy, including a policy in testing mode; null if it did not.",
  },
  recipients: list({ type: "integer" }, "The recipients of this attempt, as indexes into the list of recipients."),
  outcome: {
    enum: ["accepted", "refused", "not_sent", "unknown", "not_connected"],
    description:
      "accepted: accepted for at least one recipient. refused: rejected by the server. not_sent: the connection was lost before the final dot of DATA. unknown: it was lost after the final dot. not_connected: no session was opened.",
  },
  ended_at: nullable({ enum: PHASES }, "The phase in which it ended; null if it was accepted."),
  code: nullable({ type: "integer" }, "The reply code that ended it."),
  message: nullable({ type: "string" }, "The text of that reply, or the failure."),
  operations: list(operationSchema, "Every step of the attempt, in order."),
});
export type DeliveryAttempt = FromSchema<typeof attemptRecord>;
