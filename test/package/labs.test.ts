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
      const lab = await (await labOf(name))?.start(() => 0);
      if (lab === undefined) throw new Error(`${name} has no lab`);
      try {
        for (const server of lab.servers) {
          const expected = await run(name, structuredClone(server.input) as never);
          const found = await published.run(name, structuredClone(server.input) as never);
          expect(outcomeOf(found.output), server.name).toEqual(outcomeOf(expected.output));
        }
      } finally {
        await lab.close();
      }
    },
    60_000,
  );
});

function outcomeOf(output: unknown) {
  const { status, failure, operations } = output as { status: string; failure: { phase: string; code: string } | null; operations: { name: string }[] };
  return { status, phase: failure?.phase ?? null, code: failure?.code ?? null, operations: operations.map(({ name }) => name) };
}
