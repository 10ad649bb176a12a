import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Debian's own: python3-dkim is not there for another Python. */
const PYTHON = "/usr/bin/python3";
const PROGRAM = fileURLToPath(new URL("./dkim_oracle.py", import.meta.url));

export interface DkimOracle {
  sign(message: Buffer, options: { key: string; canonicalize: string; fields: readonly string[]; length: boolean }): Promise<Buffer>;
  seal(message: Buffer, options: { key: string; instances: number }): Promise<Buffer>;
  verify(message: Buffer, records: Readonly<Record<string, string>>): Promise<boolean>;
  verifyChain(message: Buffer, records: Readonly<Record<string, string>>): Promise<string>;
  stop(): void;
}

/** An independent signer and verifier, which runs until the suite has checked all of its messages. */
export function startDkimOracle(): DkimOracle {
  const child = spawn(PYTHON, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (request: object): Promise<Record<string, unknown>> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await answers.next();
    if (done === true) throw new Error(`${PROGRAM} ended`);
    return JSON.parse(value) as Record<string, unknown>;
  };
  const inTurn = (action: string, message: Buffer, rest: object): Promise<Record<string, unknown>> => {
    const answer = last.then(() => ask({ action, message: message.toString("base64"), ...rest }));
    last = answer.catch(() => {});
    return answer;
  };
  return {
    sign: async (message, options) => Buffer.from(String((await inTurn("sign", message, options)).message), "base64"),
    seal: async (message, options) => Buffer.from(String((await inTurn("seal", message, options)).message), "base64"),
    verify: async (message, records) => (await inTurn("verify", message, { records })).verified === true,
    verifyChain: async (message, records) => String((await inTurn("verify_chain", message, { records })).result),
    stop: () => child.kill(),
  };
}
