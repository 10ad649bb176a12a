import { tlsViolations } from "../../runner/harness/check-certificates.js";
import { defineProbe } from "../../runner/harness/define-probe.js";
import { checkService } from "../../runner/service-check/check-service.js";
import { type Ctx, emptyEvidence, type ImapEvidence } from "./evidence.js";
import { type Input, newest } from "./schema.js";
import { IMAP } from "./service.js";

export default defineProbe({
  name: "network.imap",
  summary: "Greets an IMAP server, secures the connection, reads its capabilities, times NOOP, logs in if asked, and says goodbye.",
  needs: ["tcp", "tls", "clock"],
  target: { host: "target_host", port: "target_port" },
  replay: "lines",
  ...newest,
  checkInput: ({ tls }) => tlsViolations(tls),
  run: (input: Input, ctx: Ctx): Promise<ImapEvidence> => checkService(IMAP, ctx, input, emptyEvidence(input)),
});
