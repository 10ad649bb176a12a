import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock">;
export type SmtpEvidence = Evidence<Output>;

/** All fields before the run: results are written here at once, so that no failure loses them. */
export function emptyEvidence(input: Input): SmtpEvidence {
  return {
    status: "ok",
    failure: null,
    target_host: input.target_host,
    target_port: input.target_port,
    attempts: [],
    banner: null,
    helo_domain: null,
    protocol: null,
    capabilities: null,
    capabilities_before_tls: null,
    size: { meaning: "absent", bytes: null, text: null },
    starttls: "not_tried",
    tls: null,
    auth: null,
    sent_message: null,
    response_time_ms: null,
    anomalies: [],
    findings: [],
  };
}
