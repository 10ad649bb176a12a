import mailReceive from "../../../probes/mail.receive/probe.js";
import { testGoldens } from "../../support/golden-transcripts.js";

testGoldens({
  probe: mailReceive,
  version: "1.0.0",
  input: {
    host: "127.0.0.1",
    tls_mode: "none",
    auth: { allow_plaintext: true },
    username: "ada",
    password: "correct-horse",
    folders: [],
    token: "1ab0c4",
    wait_ms: 0,
    connect_timeout_ms: 2000,
    command_timeout_ms: 3000,
    timeout_ms: 5000,
  },
  port: "port",
  atLeast: 48,
});
