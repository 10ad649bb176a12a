import networkSmtp from "../../../probes/network.smtp/probe.js";
import { testGoldens } from "../../support/golden-transcripts.js";

testGoldens({
  probe: networkSmtp,
  version: "2.0.0",
  input: { target_host: "127.0.0.1", helo_domain: "probe.example.org", connect_timeout_ms: 2000, command_timeout_ms: 3000, timeout_ms: 5000 },
  port: "target_port",
  atLeast: 40,
});
