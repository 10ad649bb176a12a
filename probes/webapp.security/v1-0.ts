import { olderVersion } from "../../runner/harness/define-probe.js";
import { first, newest } from "./schema.js";

/** 1.0.0: one page, without a score. */
export const v1_0 = olderVersion(first, newest, {
  upgradeInput: (input) => ({ ...input, paths: [] }),
  downgradeOutput: ({ score: _, paths: __, ...output }) => output,
});
