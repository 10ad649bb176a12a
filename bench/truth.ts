import { pathToFileURL } from "node:url";
import { whyNot } from "../test/support/programs.js";
import type { Bench, Setting } from "./support/bench.js";
import type { Figure } from "./support/figure.js";
import { type Ask, type Comparison, differingFacts, figuresOf } from "./truth/comparison.js";
import { mysql, postgresql, redis } from "./truth/databases.js";
import { ftp } from "./truth/ftp.js";
import { ldap } from "./truth/ldap.js";
import { mqtt } from "./truth/mqtt.js";
import { ntp } from "./truth/ntp.js";
import { ping } from "./truth/ping.js";
import { snmp } from "./truth/snmp.js";
import { ssh } from "./truth/ssh.js";
import { traceroute } from "./truth/traceroute.js";

const COMPARISONS: readonly Comparison[] = [ping, traceroute, ntp, ssh, ldap, snmp, mqtt, ftp, postgresql, mysql, redis];

export const truth: Bench = {
  name: "truth",
  summary: "What probes report of a server beside what other programs report of it: facts that are equal, of those compared, and differences of times.",
  measure,
};

async function measure({ workshop, progress }: Setting): Promise<Figure[]> {
  const { run } = (await import(pathToFileURL(workshop.library).href)) as typeof import("../runner/index.js");
  const ask: Ask = async <Output>(probe: string, input: object) => {
    const { output } = await run(probe, input as never);
    const { failure } = output as { failure: { message: string } | null };
    if (failure !== null) process.stderr.write(`${probe} failed: ${failure.message}\n`);
    return output as Output;
  };
  const figures: Figure[] = [];
  for (const comparison of COMPARISONS) {
    progress(comparison.probe);
    figures.push(...(await measureOne(comparison, ask)));
  }
  return figures;
}

async function measureOne({ probe, programs, compare }: Comparison, ask: Ask): Promise<Figure[]> {
  const missing = programs.map(whyNot).find((why) => why !== null);
  if (missing !== undefined) {
    const nothing = { ours: null, peers: null, ratio: null, goal: null };
    return [{ bench: truth.name, name: probe, unit: "facts", peer: programs.at(-1) as string, ...nothing, skipped: `${missing.reason}; ${missing.remedy}` }];
  }
  const all = await compare(ask);
  for (const beside of all)
    for (const fact of differingFacts(beside))
      process.stderr.write(
        `${probe} beside ${beside.peer}: ${fact} differs: ${JSON.stringify(beside.ours[fact])}, there ${JSON.stringify(beside.theirs[fact])}\n`,
      );
  return all.flatMap((beside) => figuresOf(truth.name, probe, beside));
}
