import { defineLab } from "../../runner/harness/define-lab.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";

const OFFER = 'S: "IMPLEMENTATION" "Lab"\nS: "VERSION" "1.0"\nS: "SIEVE" "fileinto vacation"\n';
const READY = 'S: OK "ready"\n';
const NOOP = 'C: NOOP\nS: OK "done"\n';
const BYE = 'C: LOGOUT\nS: OK "bye"\n';
const LOGIN = 'C: AUTHENTICATE "PLAIN" "AGxhYgBsYWItcGFzc3dvcmQ="\nS: OK "in"\n';

const PLAYED = [
  { name: "plain", summary: "ManageSieve without TLS.", input: {}, transcript: OFFER + READY + NOOP + BYE },
  {
    name: "starttls",
    summary: "STARTTLS, and a login inside TLS.",
    input: { tls: { mode: "starttls", verify: "ignore" }, auth: { username: "lab", password: "lab-password" } },
    transcript: `${OFFER}S: "STARTTLS"\n${READY}C: STARTTLS\nS: OK "begin"\n@starttls\n${OFFER}S: "SASL" "PLAIN"\n${READY}${NOOP}${LOGIN}${BYE}`,
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
