import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { builtInNames, labOf } from "../../runner/harness/registry.js";
import { run } from "../../runner/harness/run.js";
import { REPO } from "../house/files.js";

/** They need a program, a browser or the network's names, or take their time: what they share with the others is tested by those. */
const LEFT_OUT: ReadonlySet<string> = new Set(["webapp.journey", "performance.bandwidth", "mail.roundtrip", "mail.receive", "mail.deliver", "mail.send"]);

// The build puts a module into several files: state that it keeps would be there more than once. Only a run from dist/ shows that.
describe("the package as published finds the same in the labs as the sources", async () => {
  const published = (await import(pathToFileURL(join(REPO, "dist/index.js")).href)) as typeof import("../../runner/index.js");

  test.each(builtInNames().filter((name) => !LEFT_OUT.has(name)))(
    "%s",
    async (name) => {
      expect(await outcomes(published.run, name)).toEqual(await outcomes(run, name));
    },
    60_000,
  );
});

/** Of a lab that is started anew, since a server may remember who was there. */
async function outcomes(runner: typeof run, name: string): Promise<Record<string, object>> {
  const lab = await (await labOf(name))?.start(() => 0);
  if (lab === undefined) throw new Error(`${name} has no lab`);
  try {
    const all: Record<string, object> = {};
    for (const server of lab.servers) all[server.name] = outcomeOf((await runner(name, structuredClone(server.input) as never)).output);
    return all;
  } finally {
    await lab.close();
  }
}

/** Without the order of operations, of which some run at the same time, and the ports in their names. */
function outcomeOf(output: unknown) {
  const { status, failure, operations } = output as { status: string; failure: { phase: string; code: string } | null; operations: { name: string }[] };
  return {
    status,
    phase: failure?.phase ?? null,
    code: failure?.code ?? null,
    operations: operations.map(({ name }) => name.replace(/\d{4,5}/, "port")).sort(),
  };
}
