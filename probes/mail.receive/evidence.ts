import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "tls" | "clock">;
export type ReceiveEvidence = Evidence<Output>;
export type ReceivedMessage = Output["messages"][number];
export type FolderEvidence = Output["folders"][number];

/** All fields before the run: results are written here at once, so that no failure loses them. */
export function emptyEvidence(input: Input): ReceiveEvidence {
  return {
    status: "ok",
    failure: null,
    host: input.host,
    port: input.port,
    attempts: [],
    error_type: null,
    error_msg: null,
    severity: null,
    tls: null,
    capabilities: null,
    auth: null,
    matched_uids: [],
    latest_internaldate: null,
    found_by: null,
    waited_ms: null,
    searches: 0,
    matched: 0,
    messages: [],
    duplicates: 0,
    not_looked_at: 0,
    too_old: 0,
    deleted_uids: [],
    folders: [],
    reconnects: [],
    findings: [],
  };
}
