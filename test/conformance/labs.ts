import { expect, type TestContext, test } from "vitest";
import type { RunningLab } from "../../runner/harness/define-lab.js";
import { builtInNames, labOf, loadProbe } from "../../runner/harness/registry.js";
import { runReport } from "../../runner/harness/run.js";
import { schemaOf, secretsIn } from "./schemas.js";

/** The built-in probes that need a browser. */
export async function namesInBrowser(): Promise<string[]> {
  const loaded = await Promise.all(builtInNames().map((name) => loadProbe(name)));
  return loaded.filter(({ probe }) => probe.needs.includes("browser")).map(({ probe }) => probe.name);
}

/** The lab of a probe, until the test is over. */
export async function startLab(name: string, { onTestFinished }: TestContext): Promise<RunningLab> {
  const lab = await (await labOf(name))?.start(() => 0);
  if (lab === undefined) throw new Error(`${name} has no lab servers: add probes/${name}/lab.ts, and run npm run generate`);
  onTestFinished(() => lab.close());
  return lab;
}

/** Runs a probe against every server of its lab. */
export async function expectNoSecrets(name: string, lab: RunningLab): Promise<void> {
  const { probe, versions } = await loadProbe(name);
  const schema = schemaOf(probe, versions[0] as string, "input");
  for (const { input } of lab.servers) {
    const secrets = secretsIn(schema, input);
    const seen: unknown[] = [];
    seen.push(await runReport(name, input, { trace: (event) => seen.push(event) }));
    const shown = JSON.stringify(seen);
    for (const secret of secrets) for (const form of [secret, Buffer.from(secret).toString("base64")]) expect(shown).not.toContain(form);
  }
}

export function testLabSecrets(name: string): void {
  test("its lab's secrets appear in nothing that leaves a run", { timeout: 180_000 }, async (context) => expectNoSecrets(name, await startLab(name, context)));
}
