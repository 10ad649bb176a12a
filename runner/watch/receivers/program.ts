import { runProgram } from "../../program/run-program.js";
import { QueueError } from "../../queue/queue-error.js";
import { Deadline } from "../../run/deadline.js";
import { type Deliverer, eventsOf } from "./deliverer.js";

/** A program of the user, without a shell: it reads events as JSON lines from its standard input, and takes them by ending with 0. */
export async function openProgram([program, ...args]: readonly [string, ...string[]], timeoutMs: number, environment: NodeJS.ProcessEnv): Promise<Deliverer> {
  const closing = new AbortController();
  return {
    async deliver(batch) {
      const deadline = new Deadline(timeoutMs, closing.signal);
      const input = eventsOf(batch).map((event) => `${JSON.stringify(event)}\n`);
      try {
        const { code, stderr } = await runProgram(deadline, {
          program,
          arguments: args,
          packages: null,
          input: input.join(""),
          environment,
          onLine: () => undefined,
        });
        if (code === 0) return;
        const why = deadline.reason === "timeout" ? `it was ended after ${timeoutMs} ms` : code === null ? "a signal ended it" : `it ended with ${code}`;
        const [said = ""] = stderr.trim().split("\n").slice(-1);
        throw new QueueError(code === null ? "failed" : "refused", `${program}: ${why}${said === "" ? "" : `: ${said.slice(0, MOST_SAID)}`}`);
      } finally {
        deadline.release();
      }
    },
    refresh: null,
    close: () => closing.abort(),
  };
}

const MOST_SAID = 200;
