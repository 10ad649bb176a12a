import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** A process of the bench that answers requests in JSON lines. */
export interface Child<Ready = unknown> {
  readonly ready: Ready;
  ask<Answer>(request: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a program and waits until it says that it is ready. Its standard error is the bench's own. */
export async function startChild<Ready>(command: string, args: readonly string[]): Promise<Child<Ready>> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = new Answers(child, [command, ...args].join(" "));
  const ready = (await answers.next()) as Ready;
  return {
    ready,
    async ask<Answer>(request: unknown): Promise<Answer> {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return (await answers.next()) as Answer;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, "exit");
      child.stdin.end();
      await gone;
    },
  };
}

/** The lines of a child in their order; a child that ends early rejects all that wait. */
class Answers {
  #lines: string[] = [];
  #waiting: { resolve: (line: string) => void; reject: (error: Error) => void } | null = null;
  #ended: Error | null = null;

  constructor(
    child: ChildProcessByStdio<Writable, Readable, null>,
    readonly title: string,
  ) {
    createInterface({ input: child.stdout }).on("line", (line) => this.#arrived(line));
    child.on("error", (error) => this.#end(error));
    child.on("close", (code, signal) => this.#end(new Error(`${title} ended with ${signal ?? code} before it answered`)));
    // Writing to a child that is gone: its end says more.
    child.stdin.on("error", () => {});
  }

  async next(): Promise<unknown> {
    const line = this.#lines.shift() ?? (await this.#awaited());
    const answer = JSON.parse(line) as unknown;
    if (answer !== null && typeof answer === "object" && "error" in answer) throw new Error(`${this.title}: ${String(answer.error)}`);
    return answer;
  }

  #awaited(): Promise<string> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #arrived(line: string): void {
    if (this.#waiting === null) this.#lines.push(line);
    else this.#waiting.resolve(line);
    this.#waiting = null;
  }

  #end(error: Error): void {
    this.#ended = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
