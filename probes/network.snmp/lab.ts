import { defineLab } from "../../runner/harness/define-lab.js";
import { startSnmpAgent } from "../../runner/lab/snmp-agent.js";

const SYSTEM = "1.3.6.1.2.1.1";
const OBJECTS = { [`${SYSTEM}.1.0`]: "A switch of the lab", [`${SYSTEM}.3.0`]: 123_456, [`${SYSTEM}.5.0`]: "switch.lab", [`${SYSTEM}.7.0`]: 72 };

export default defineLab({
  async start(nextPort) {
    const agent = await startSnmpAgent(OBJECTS, { port: nextPort() });
    const target = { target_host: agent.host, target_port: agent.port };
    return {
      servers: [
        { name: "usual", summary: "A switch: its description and how long it is up.", input: target },
        { name: "walk", summary: "The same, its whole system group.", input: { ...target, walk: [SYSTEM] } },
        { name: "absent", summary: "The same, asked for what it does not have.", input: { ...target, get: [`${SYSTEM}.99.0`] } },
        { name: "silent", summary: "The same, with a wrong community.", input: { ...target, community: "not-this-one", command_timeout_ms: 300 } },
      ],
      close: () => agent.close(),
    };
  },
});
