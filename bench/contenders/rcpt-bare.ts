import { connect } from "node:net";
import { HELO_DOMAIN } from "./prober.js";
import { serveRcpt } from "./rcpt-tasks.js";

/** The same conversation, and nothing else: no checks, no times, no evidence, no deadline. */
serveRcpt(
  (port, emails, together) =>
    new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      let owed = 1;
      let next = -1;
      const goOn = (): void => {
        if (next === -1) say(`EHLO ${HELO_DOMAIN}\r\n`, 1);
        else if (next === 0) askFor(1);
        else if (next < emails.length) askFor(together);
        else if (next === emails.length) say("QUIT\r\n", 1);
        if (next === -1) next = 0;
      };
      const say = (text: string, replies: number): void => {
        owed = replies;
        socket.write(text);
        if (text === "QUIT\r\n") next += 1;
      };
      const askFor = (most: number): void => {
        const portion = emails.slice(next, next + most);
        next += portion.length;
        say(portion.map((email) => `MAIL FROM:<bounce@${HELO_DOMAIN}>\r\nRCPT TO:<${email}>\r\nRSET\r\n`).join(""), portion.length * 3);
      };
      socket.setEncoding("latin1").on("data", (text: string) => {
        // The last line of a reply has a blank behind its code; no line of smtp-sink is cut.
        for (let at = text.indexOf("\n"), from = 0; at !== -1; from = at + 1, at = text.indexOf("\n", from)) {
          if (text[from] !== "2") reject(new Error(text));
          if (text[from + 3] === " ") owed -= 1;
        }
        if (owed === 0) goOn();
      });
      socket.on("close", () => (next > emails.length ? resolve() : reject(new Error(`the server went after ${next} of ${emails.length} addresses`))));
      socket.on("error", reject);
    }),
);
