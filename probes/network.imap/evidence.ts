import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock">;
export type ImapEvidence = Evidence<Output>;

/** All fields before the run: results are written here at once, so that no failure loses them. */
export function emptyEvidence(input: Input): ImapEvidence {
  return {
    status: "ok",
    failure: null,
    target_host: input.target_host,
    target_port: input.target_port,
    attempts: [],
    greeting: null,
    banner: null,
    versions: [],
    capabilities: null,
    capabilities_before_tls: null,
    capabilities_after_login: null,
    starttls: "not_tried",
    tls: null,
    auth: null,
    response_time_ms: null,
    anomalies: [],
    findings: [],
  };
}
