import networkLmtp from "../../../probes/network.lmtp/probe.js";
import { testGoldens } from "../../support/golden-transcripts.js";

testGoldens({
  probe: networkLmtp,
  version: "1.0.0",
  input: { target_host: "127.0.0.1", connect_timeout_ms: 2000, command_timeout_ms: 3000, timeout_ms: 8000 },
  port: "target_port",
  atLeast: 9,
});
