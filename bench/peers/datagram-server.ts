import { startNtpServer } from "../../runner/lab/ntp-server.js";
import { startSnmpAgent } from "../../runner/lab/snmp-agent.js";
import { serve } from "../support/serve.js";

// node datagram-server.js: an NTP server and an SNMP agent that answer at once.
const ntp = await startNtpServer();
const snmp = await startSnmpAgent({ "1.3.6.1.2.1.1.1.0": "A server of the bench", "1.3.6.1.2.1.1.3.0": 123_456 });

export interface DatagramPorts {
  readonly ntp: number;
  readonly snmp: number;
}

serve<DatagramPorts>({ ntp: ntp.port, snmp: snmp.port }, async () => null);
