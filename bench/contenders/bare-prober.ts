import { connect } from "node:net";
import { HELO_DOMAIN, type NoopAnswer } from "./prober.js";

/** A command, and the class of the reply that lets the conversation go on. The greeting comes unasked. */
const COMMANDS = ["", `EHLO ${HELO_DOMAIN}\r\n`, "NOOP\r\n", "QUIT\r\n"];
const NOOP = 2;

/**
 * The conversation with node:net and nothing else: the fastest simple implementation. It checks nothing but that each
 * reply is complete and positive, keeps nothing but the time of NOOP, and has no time-out.
 */
export function probe(port: number): Promise<NoopAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, noDelay: true });
    let unread = "";
    let step = 0;
    let sentAt = 0;
    let noop: NoopAnswer | null = null;
    const takeLine = (line: string): void => {
      if (line[3] === "-") return;
      if (line[0] !== "2") throw new Error(`step ${step} was answered ${line}`);
      if (step === NOOP) noop = { sentAt, milliseconds: performance.now() - sentAt, text: line.slice(4) };
      step += 1;
      if (step === COMMANDS.length) {
        socket.destroy();
        resolve(noop as NoopAnswer);
        return;
      }
      if (step === NOOP) sentAt = performance.now();
      socket.write(COMMANDS[step] as string);
    };
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      unread += text;
      for (let end = unread.indexOf("\r\n"); end >= 0 && !socket.destroyed; end = unread.indexOf("\r\n")) {
        const line = unread.slice(0, end);
        unread = unread.slice(end + 2);
        try {
          takeLine(line);
        } catch (error) {
          socket.destroy(error as Error);
        }
      }
    });
    socket.on("error", reject);
    socket.on("close", () => {
      if (step < COMMANDS.length) reject(new Error(`the server closed in step ${step}`));
    });
  });
}
