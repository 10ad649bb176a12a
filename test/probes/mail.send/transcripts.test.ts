import mailSend from "../../../probes/mail.send/probe.js";
import { testGoldens } from "../../support/golden-transcripts.js";
import { SEND_INPUT } from "./send.js";

testGoldens({
  probe: mailSend,
  version: "1.0.0",
  input: { ...SEND_INPUT, token: "abc123", message_id: "<1@example.org>", timeout: 3, timeout_ms: 8000 },
  port: "port",
  atLeast: 30,
});
