import type { Context } from "../../runner/harness/context.js";
import type { Evidence } from "../../runner/harness/define-probe.js";
import type { Input, Output } from "./schema.js";

export type Ctx = Context<"tcp" | "resolver" | "delivery" | "memory">;
export type DeliverEvidence = Evidence<Output>;

/** Every field before anything has happened. */
export function emptyEvidence({ mode }: Input, seed: number): DeliverEvidence {
  return {
    status: "ok",
    failure: null,
    message_id: null,
    size_bytes: 0,
    helo_domain: null,
    mode,
    recipients: [],
    attempts: [],
    changes: [],
    dkim: { signatures: [], problems: [] },
    seed,
    findings: [],
  };
}
