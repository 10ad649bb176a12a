import { tlsViolations } from "../../runner/harness/check-certificates.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { checkService } from "../../runner/service-check/check-service.js";
import { type Input, newest, type Output } from "./schema.js";
import { NNTP } from "./service.js";

export default defineProbe({
  name: "network.nntp",
  summary: "Greets a news server, secures the connection, reads its capabilities, logs in if asked, and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  ...newest,
  checkInput: ({ tls }) => tlsViolations(tls),
  run: (input: Input, ctx: Context<"tcp" | "tls" | "clock">): Promise<Evidence<Output>> => checkService(NNTP, ctx, input, nothingYet(input)),
});

/** Every field before anything has happened. */
function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const before = { banner: null, capabilities: null, capabilities_before_tls: null };
  const after = { tls: null, auth: null, response_time_ms: null };
  return {
    status: "ok",
    failure: null,
    target_host,
    target_port,
    attempts: [],
    ...before,
    starttls: "not_tried",
    ...after,
    findings: [],
    posting: null,
    anomalies: [],
  };
}
