import { heloViolations } from "../../runner/harness/check-helo.js";
import type { Context } from "../../runner/harness/context.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { statusOf } from "../../runner/run/judge.js";
import { findingsOf } from "../../runner/tls-scan/judge.js";
import { scanTls } from "../../runner/tls-scan/scan-target.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "security.tls",
  summary: "Finds out which TLS versions, suites, groups and certificates a server offers, and judges them by a policy.",
  needs: ["tcp"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  usualTimeoutMs: () => 120_000,
  checkInput: ({ helo_domain: helo }) => heloViolations(helo),
  run,
});

async function run(input: Input, ctx: Context<"tcp">): Promise<Evidence<Output>> {
  const { target_host, target_port, starttls = null } = input;
  const { facts, attempts, failure } = await scanTls(ctx, input);
  const findings = failure === null ? findingsOf(facts, input) : [];
  return { status: statusOf(failure, findings), failure, target_host, target_port, attempts: [...attempts], starttls, ...facts, findings };
}
