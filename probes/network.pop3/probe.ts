import { tlsViolations } from "../../runner/harness/check-certificates.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { checkService } from "../../runner/service-check/check-service.js";
import { type Ctx, emptyEvidence, type Pop3Evidence } from "./evidence.js";
import { type Input, newest } from "./schema.js";
import { POP3 } from "./service.js";

export default defineProbe({
  name: "network.pop3",
  summary: "Greets a POP3 server, secures the connection, reads its capabilities, logs in and counts messages if asked, and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  ...newest,
  checkInput: ({ tls }) => tlsViolations(tls),
  run: (input: Input, ctx: Ctx): Promise<Pop3Evidence> => checkService(POP3, ctx, input, emptyEvidence(input)),
});
