import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Debian's own: python3-spf is not there for another Python. */
const PYTHON = "/usr/bin/python3";
const PROGRAM = fileURLToPath(new URL("./spf_oracle.py", import.meta.url));

export interface SpfRequest {
  readonly ip: string;
  readonly sender: string;
  readonly helo: string;
  readonly zone: Readonly<Record<string, "fails" | Readonly<Record<string, readonly string[] | "fails">>>>;
}

export interface SpfOracleVerdict {
  readonly result: string;
  readonly why: string;
}

export interface SpfOracle {
  evaluate(request: SpfRequest): Promise<SpfOracleVerdict>;
  stop(): void;
}

/** An independent evaluator, which runs until the suite has checked all of its records. */
export function startSpfOracle(): SpfOracle {
  const child = spawn(PYTHON, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async evaluate(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`${PROGRAM} ended`);
      return JSON.parse(value) as SpfOracleVerdict;
    },
    stop: () => child.kill(),
  };
}
