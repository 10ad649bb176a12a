import { expect, test } from "vitest";
import { catalogue, publishedSchema } from "../../../runner/harness/catalogue.js";
import { builtInNames, loadDefinition } from "../../../runner/harness/registry.js";

test("the catalogue has every probe, in the order of the registry", () => {
  expect(catalogue().map(({ name }) => name)).toEqual(builtInNames());
});

test.each(catalogue())("$name: what the catalogue and the published schemas say is what the probe says", async ({ name, versions, needs, summary, target }) => {
  const { probe, versions: served } = await loadDefinition(name);
  expect({ versions, needs, summary, target }).toEqual({ versions: served, needs: probe.needs, summary: probe.summary, target: probe.target ?? null });
  for (const version of versions)
    for (const side of ["input", "output"] as const)
      expect(publishedSchema(name, version, side)).toMatchObject(JSON.parse(JSON.stringify(probe.versions[version]?.[side].schema)));
});
