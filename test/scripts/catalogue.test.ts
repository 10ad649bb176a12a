import { expect, test } from "vitest";
import type { Probe } from "../../runner/harness/define-probe.js";
import { withCatalogue } from "../../scripts/catalogue.js";

const probe: Probe = {
  name: "network.x",
  summary: "Asks a | b.",
  needs: ["tcp", "clock"],
  versions: { "2.0.0": {}, "1.0.0": {} } as never,
  run: async () => null,
};

test("the table replaces everything between the marks", () => {
  const written = withCatalogue("# Title\n<!-- catalogue -->\nold\n<!-- /catalogue -->\nend\n", [probe]);
  expect(written).toBe(
    [
      "# Title",
      "<!-- catalogue -->",
      "| Probe | Versions | What it does | Needs |",
      "| --- | --- | --- | --- |",
      "| `network.x` | 2.0.0, 1.0.0 | Asks a \\| b. | tcp, clock |",
      "<!-- /catalogue -->",
      "end\n",
    ].join("\n"),
  );
  expect(withCatalogue(written, [probe])).toBe(written);
});

test("a text without both marks stays as it is", () => {
  expect(withCatalogue("# Title\n<!-- catalogue -->\n", [probe])).toBe("# Title\n<!-- catalogue -->\n");
});
