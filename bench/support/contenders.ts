import { join } from "node:path";
import { inRepo } from "../../scripts/repo.js";
import { type Child, startChild } from "./child.js";
import { installed } from "./installed.js";
import type { Workshop } from "./workshop.js";

/** Our package from dist/, in a process of its own. */
export function startProbeRun({ script, library }: Workshop, nodeOptions: readonly string[] = []): Promise<Child> {
  return startChild(process.execPath, [...nodeOptions, script("probeRun"), library]);
}

/** The same conversation with node:net and nothing else. */
export function startBare({ script }: Workshop, nodeOptions: readonly string[] = []): Promise<Child> {
  return startChild(process.execPath, [...nodeOptions, script("bare")]);
}

/** Python's smtplib. Null where Python is not installed. */
export async function startSmtplib(): Promise<Child | null> {
  const python = installed("python3");
  return python === null ? null : startChild(python, [inRepo(join("bench", "contenders", "smtplib_threads.py"))]);
}

/** Our own SMTP server, which answers NOOP after an exact delay. For that it watches the clock, and needs a processor while anything waits. */
export async function startSmtpServer({ script }: Workshop, noopDelayMs: number): Promise<Child<{ port: number }>> {
  return startChild(process.execPath, [script("smtpServer"), String(noopDelayMs)]);
}

/** The same with the timers of the system: where rates are measured, its contenders need the processors. */
export async function startSlowSmtpServer({ script }: Workshop, noopDelayMs: number): Promise<Child<{ port: number }>> {
  return startChild(process.execPath, [script("smtpServer"), String(noopDelayMs), "0"]);
}

export async function startSilentServer({ script }: Workshop): Promise<Child<{ port: number }>> {
  return startChild(process.execPath, [script("silentServer")]);
}

/** The mail server of the lab, with STARTTLS. */
export async function startStarttlsServer({ script }: Workshop): Promise<Child<{ port: number }>> {
  return startChild(process.execPath, [script("starttlsServer")]);
}
