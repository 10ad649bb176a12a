import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Debian's own: python3-dkim is not there for another Python. */
const PYTHON = "/usr/bin/python3";
const PROGRAM = fileURLToPath(new URL("./dkim_verify.py", import.meta.url));

export interface DkimVerifier {
  /** `pass`, `fail` or what is wrong, for each signature from the top. `records` are the TXT records by name. */
  verify(message: Uint8Array, records: Readonly<Record<string, string>>): Promise<string[]>;
  stop(): void;
}

/** An independent verifier, which runs until the suite has checked all of its messages. */
export function startDkimVerifier(): DkimVerifier {
  const child = spawn(PYTHON, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (request: string): Promise<string[]> => {
    child.stdin.write(`${request}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`${PROGRAM} ended`);
    return JSON.parse(value) as string[];
  };
  return {
    verify: (message, records) => {
      const request = JSON.stringify({ message: Buffer.from(message).toString("base64"), records });
      const answer = last.then(() => ask(request));
      last = answer.catch(() => {});
      return answer;
    },
    stop: () => child.kill(),
  };
}
