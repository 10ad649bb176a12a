import { MissingProgramError } from "../program/missing-program.js";

export type Playwright = typeof import("playwright-core");

/** Drives the browser. An optional peer: only a run that opens a browser loads it. */
export async function loadPlaywright(): Promise<Playwright> {
  try {
    return await import("playwright-core");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new MissingProgramError("the package playwright-core", "is not installed: npm install playwright-core@1.65", null);
  }
}
