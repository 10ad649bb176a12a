import { certificateViolations } from "../../runner/harness/check-certificates.js";
import { defineProbe, type Evidence } from "../../runner/harness/define-probe.js";
import { statusOf } from "../../runner/run/judge.js";
import { certificateFindings } from "../../runner/service-check/certificate-findings.js";
import { type Ctx, connect } from "./connect.js";
import { Conversation } from "./conversation.js";
import { nameOf, runSteps } from "./run-steps.js";
import { type Input, newest, type Output } from "./schema.js";

export default defineProbe({
  name: "network.tcp",
  summary: "Connects to a port, secures the connection if asked, and runs the conversation given in the input.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  ...newest,
  checkInput: ({ tls }) => certificateViolations("/tls/ca", tls.ca),
  run,
});

async function run(input: Input, ctx: Ctx): Promise<Evidence<Output>> {
  const evidence = nothingYet(input);
  evidence.failure = await ctx.attempt(() => converse(input, ctx, evidence));
  evidence.findings = certificateFindings(evidence.tls, input.tls, input.target_host);
  evidence.status = statusOf(evidence.failure, evidence.findings);
  return evidence;
}

async function converse(input: Input, ctx: Ctx, evidence: Evidence<Output>): Promise<void> {
  const connection = await connect(ctx, input, evidence.attempts, (tls) => {
    evidence.tls = tls;
  });
  const conversation = new Conversation(connection);
  try {
    await runSteps(ctx, input, conversation, evidence.steps, () => {
      evidence.tls = connection.tls;
    });
  } finally {
    connection.close();
    const { banner, bytesSent, bytesReceived } = conversation;
    evidence.bytes_sent = bytesSent;
    evidence.bytes_received = bytesReceived;
    if (banner !== "") {
      const bytes = Buffer.from(banner, "latin1");
      evidence.banner = bytes.toString("utf8");
      evidence.banner_base64 = bytes.toString("base64");
    }
  }
}

/** All fields before the run: results are written here at once, so that no failure loses them. */
function nothingYet(input: Input): Evidence<Output> {
  return {
    status: "ok",
    failure: null,
    target_host: input.target_host,
    target_port: input.target_port,
    attempts: [],
    tls: null,
    banner: null,
    banner_base64: null,
    steps: input.steps.map((step) => ({ name: nameOf(step), outcome: "not_reached", text: null, captures: {}, duration_ms: null })),
    bytes_sent: 0,
    bytes_received: 0,
    findings: [],
  };
}
