import { tlsViolations } from "../../runner/harness/check-certificates.js";
import { heloViolations } from "../../runner/harness/check-helo.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { checkService } from "../../runner/service-check/check-service.js";
import { type Input, newest, type Output } from "./schema.js";
import { LMTP } from "./service.js";

export default defineProbe({
  name: "network.lmtp",
  summary: "Greets an LMTP server, secures the connection, reads its capabilities, and says goodbye. It delivers nothing.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  ...newest,
  checkInput: ({ tls, helo_domain: helo }) => [...tlsViolations(tls), ...heloViolations(helo)],
  run: (input: Input, ctx: Context<"tcp" | "tls" | "clock">): Promise<Evidence<Output>> => checkService(LMTP, ctx, input, nothingYet(input)),
});

/** Every field before anything has happened. */
function nothingYet({ target_host, target_port }: Input): Evidence<Output> {
  const before = { banner: null, capabilities: null, capabilities_before_tls: null };
  const after = { tls: null, auth: null, response_time_ms: null };
  return { status: "ok", failure: null, target_host, target_port, attempts: [], ...before, starttls: "not_tried", ...after, findings: [], anomalies: [] };
}
