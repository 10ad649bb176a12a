import networkPop3 from "../../../probes/network.pop3/probe.js";
import { testGoldens } from "../../support/golden-transcripts.js";

testGoldens({
  probe: networkPop3,
  version: "1.0.0",
  input: { target_host: "127.0.0.1", connect_timeout_ms: 2000, command_timeout_ms: 3000, timeout_ms: 5000 },
  port: "target_port",
  atLeast: 40,
});
