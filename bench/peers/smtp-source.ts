import { spawn } from "node:child_process";
import { once } from "node:events";
import type { SendRequest } from "../contenders/send-rounds.js";
import { installed } from "../support/installed.js";

/** Messages a second of postfix's own load generator: a process of its own each time, which takes a few milliseconds to start. */
export type SmtpSource = (request: SendRequest) => Promise<number>;

/** Null where it is not installed. */
export function smtpSource(): SmtpSource | null {
  const program = installed("smtp-source");
  if (program === null) return null;
  return async ({ port, bodyBytes, total, connections, way }) => {
    const options = ["-s", String(connections), "-m", String(total), "-l", String(bodyBytes), ...(way === "reused" ? ["-d"] : [])];
    const began = performance.now();
    const child = spawn(program, [...options, "-f", "bench@bench.example", "-t", "somebody@bench.example", `127.0.0.1:${port}`], { stdio: "ignore" });
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`smtp-source ended with ${code}`);
    return (total / (performance.now() - began)) * 1000;
  };
}
