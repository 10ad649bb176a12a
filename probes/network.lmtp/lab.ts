import { defineLab } from "../../runner/harness/define-lab.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";

const GREETING = "S: 220 mx.lab LMTP\n";
const HELLO = "C: LHLO *\nS: 250-mx.lab\nS: 250-PIPELINING\n";
const REST = "C: NOOP\nS: 250 2.0.0 OK\nC: QUIT\nS: 221 2.0.0 bye\n";

const PLAYED = [
  { name: "plain", summary: "LMTP without TLS.", input: {}, transcript: `${GREETING}${HELLO}S: 250 SIZE\n${REST}` },
  {
    name: "starttls",
    summary: "STARTTLS, and LHLO again inside TLS.",
    input: { tls: { mode: "starttls", verify: "ignore" } },
    transcript: `${GREETING}${HELLO}S: 250 STARTTLS\nC: STARTTLS\nS: 220 2.0.0 begin\n@starttls\n${HELLO}S: 250 SIZE\n${REST}`,
  },
  {
    name: "smtp",
    summary: "A server of SMTP, which does not know LHLO.",
    input: {},
    transcript: `${GREETING}C: LHLO *\nS: 500 5.5.1 unknown command\nC: QUIT\nS: 221 bye\n`,
  },
];

export default defineLab({
  async start(nextPort) {
    const running = await Promise.all(PLAYED.map(async (each) => ({ ...each, server: await playTranscript(each.transcript, { port: nextPort() }) })));
    return {
      servers: running.map(({ name, summary, input, server: { host, port } }) => ({
        name,
        summary,
        input: { target_host: host, target_port: port, ...input },
      })),
      close: async () => void (await Promise.all(running.map(({ server }) => server.close()))),
    };
  },
});
