import { findProgram, isExecutable } from "../program/find-program.js";
import { MissingProgramError, type Packages } from "../program/missing-program.js";

const PACKAGES: Packages = { debian: "chromium", alpine: "chromium", fedora: "chromium", macos: "--cask chromium" };

/** How the browser is called by the systems that have it. */
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
/** Where macOS has what it does not put on the PATH. */
const APPLICATIONS = ["/Applications/Chromium.app/Contents/MacOS/Chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The path of a Chromium of this machine, or the one that PROBE_RUN_BROWSER names. */
export function findBrowser(environment: NodeJS.ProcessEnv = process.env): string {
  const { PROBE_RUN_BROWSER: named } = environment;
  if (named !== undefined && named !== "") {
    if (isExecutable(named)) return named;
    throw new MissingProgramError(named, "is not a program that can be executed, and PROBE_RUN_BROWSER names it", null);
  }
  const found = findProgram([...NAMES, ...APPLICATIONS], environment);
  if (found === null) throw new MissingProgramError("a browser (chromium or google-chrome)", "is not installed", PACKAGES);
  return found;
}
