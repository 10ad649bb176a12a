import { tlsViolations } from "../../runner/harness/check-certificates.js";
import { heloViolations } from "../../runner/harness/check-helo.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { checkService } from "../../runner/service-check/check-service.js";
import { type Ctx, emptyEvidence, type SmtpEvidence } from "./evidence.js";
import { type Input, newest } from "./schema.js";
import { SMTP } from "./service.js";
import { v1 } from "./v1.js";

export default defineProbe({
  name: "network.smtp",
  summary: "Greets an SMTP server, secures the connection, reads its capabilities, times NOOP and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  ...newest,
  checkInput: ({ tls, helo_domain: helo }) => [...tlsViolations(tls), ...heloViolations(helo)],
  older: { "1.0.0": v1 },
  run: (input: Input, ctx: Ctx): Promise<SmtpEvidence> => checkService(SMTP, ctx, input, emptyEvidence(input)),
});
