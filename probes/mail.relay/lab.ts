import { defineLab } from "../../runner/harness/define-lab.js";
import { startSmtpServer } from "../../runner/lab/smtp-server.js";
import { playTranscript } from "../../runner/lab/transcript-server.js";

const OWN = "relay-test@example.net";
const REFUSED = "S: 550 5.7.1 relaying denied\n";
const GREETING = "S: 220 mx.lab ESMTP\nC: EHLO *\nS: 250 mx.lab\n";

/** Refuses every recipient but, if wanted, the one with a percent sign. */
function transcript(acceptsPercent: boolean): string {
  const names = ["plain", "null_sender", "percent", "bang", "quoted", "source_route"];
  const asked = names.map((name) => `C: MAIL *\nS: 250 ok\nC: RCPT *\n${acceptsPercent && name === "percent" ? "S: 250 ok\n" : REFUSED}C: RSET\nS: 250 ok\n`);
  return `${GREETING}${asked.join("")}C: QUIT\nS: 221 bye\n`;
}

export default defineLab({
  async start(nextPort) {
    const closed = await playTranscript(transcript(false), { port: nextPort() });
    const percent = await playTranscript(transcript(true), { port: nextPort() });
    const open = await startSmtpServer({ port: nextPort() });
    const input = ({ host, port }: { host: string; port: number }): Record<string, unknown> => ({ target_host: host, target_port: port, own_address: OWN });
    return {
      servers: [
        { name: "closed", summary: "A server that does not relay for strangers.", input: input(closed) },
        { name: "percent", summary: "A server that follows the percent sign: a warning.", input: input(percent) },
        { name: "open", summary: "A server that takes mail for anyone: a warning.", input: input(open) },
      ],
      close: async () => void (await Promise.all([closed.close(), percent.close(), open.close()])),
    };
  },
});
