import { dirname, resolve } from "node:path";
import { isPath } from "../harness/foreign-probe.js";

/** A probe's file is relative to its suite, so that the suite runs from any folder. */
export function probeName(written: string, suiteFile: string): string {
  return isPath(written) ? resolve(dirname(suiteFile), written) : written;
}
