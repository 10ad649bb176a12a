import { defineLab } from "../../runner/harness/define-lab.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";

const LIST = "C: CAPABILITIES\nS: 101 capabilities\nS: VERSION 2\nS: READER\n";
const DATE = "C: DATE\nS: 111 20261129120000\n";
const BYE = "C: QUIT\nS: 205 bye\n";
const LOGIN = "C: AUTHINFO USER lab\nS: 381 password?\nC: AUTHINFO PASS lab-password\nS: 281 welcome\n";

const PLAYED = [
  { name: "plain", summary: "A news server without TLS.", input: {}, transcript: `S: 200 news.lab, posting allowed\n${LIST}S: .\n${DATE}${BYE}` },
  {
    name: "starttls",
    summary: "STARTTLS, and a login inside TLS.",
    input: { tls: { mode: "starttls", verify: "ignore" }, auth: { username: "lab", password: "lab-password" } },
    transcript: `S: 201 news.lab\n${LIST}S: STARTTLS\nS: .\nC: STARTTLS\nS: 382 begin\n@starttls\n${LIST}S: AUTHINFO USER\nS: .\n${DATE}${LOGIN}${BYE}`,
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
