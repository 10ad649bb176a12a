import type { Lab, RunningLab } from "../harness/define-lab.js";
import { labOf } from "../harness/registry.js";
import { nearest } from "../support/did-you-mean.js";
import { UsageError } from "./usage-error.js";

export interface LabTarget {
  readonly input: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

/** Starts a probe's lab for one run. An empty name selects its first server. */
export async function startLabTarget(probe: string, wanted: string): Promise<LabTarget> {
  const running = await (await requireLab(probe)).start(() => 0);
  const server = wanted === "" ? running.servers[0] : running.servers.find(({ name }) => name === wanted);
  if (server !== undefined) return { input: server.input, close: () => running.close() };
  await running.close();
  throw unknownServer(probe, wanted, running);
}

export async function requireLab(probe: string): Promise<Lab> {
  const lab = await labOf(probe);
  if (lab === null) throw new UsageError(`${probe} has no lab servers`, "give a target instead; for a probe in probes/, add a lab.ts");
  return lab;
}

function unknownServer(probe: string, wanted: string, { servers }: RunningLab): UsageError {
  const names = servers.map(({ name }) => name);
  const near = nearest(wanted, names, 1)[0];
  return new UsageError(
    `the lab of ${probe} has no server ${JSON.stringify(wanted)}`,
    near === undefined ? `there are: ${names.join(", ")}` : `did you mean ${near}?`,
  );
}
