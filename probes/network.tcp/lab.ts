import { defineLab } from "../../runner/harness/define-lab.js";
import { startSmtpServer } from "../../runner/lab/smtp-server.js";

const GREETING = { name: "greeting", matches: "^220[ -](?<host>[^ ]+)" };

export default defineLab({
  async start(nextPort) {
    const server = await startSmtpServer({ port: nextPort(), tls: "starttls" });
    const target = { target_host: server.host, target_port: server.port };
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder of a step
    const hello = [GREETING, { send: "NOOP ${host}\r\n" }, { name: "answer", matches: "^250 " }, { send: "QUIT\r\n" }, { name: "goodbye", matches: "^221 " }];
    return {
      servers: [
        { name: "conversation", summary: "An SMTP server, asked line by line.", input: { ...target, steps: hello } },
        { name: "connect", summary: "The same, only connected to.", input: target },
        {
          name: "starttls",
          summary: "The same after STARTTLS.",
          input: { ...target, starttls: "smtp", tls: { verify: "ignore" }, steps: [{ send: "NOOP\r\n" }, { matches: "^250 " }] },
        },
      ],
      close: () => server.close(),
    };
  },
});
