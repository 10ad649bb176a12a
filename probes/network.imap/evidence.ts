import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock">;
export type ImapEvidence = Evidence<Output>;

/** Every field before anything has happened: what is learned is written here at once, so that no failure loses it. */
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
