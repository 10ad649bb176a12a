import { probesApart } from "./build-probes.js";
import { bundle } from "./bundle.js";
import { inRepo } from "./repo.js";
import { sharedValidators } from "./shared-validators.js";

/** What `import … from "probe-run"` and "probe-run/vitest" load. Split, for both hold the same harness. */
export function buildLibrary(probes: readonly string[]): Promise<string[]> {
  const entryPoints = { index: inRepo("runner/index.ts"), vitest: inRepo("runner/vitest/index.ts"), delivery: inRepo("runner/delivery-library.ts") };
  return bundle({ entryPoints, splitting: true, plugins: [probesApart(probes, "import"), sharedValidators] });
}
