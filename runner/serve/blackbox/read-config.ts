import { accept } from "../../harness/accept.js";
import { loadProbe } from "../../harness/registry.js";
import { fieldsOfTarget } from "../../harness/target.js";
import { parseAsked } from "../../harness/version.js";
import { SuiteDocument } from "../../suite/document.js";
import { SuiteError } from "../../suite/problem.js";
import { durationMs } from "../../support/duration.js";
import { RequestError } from "../../support/request-error.js";
import type { Module } from "../module.js";
import { PROBERS } from "../modules.js";
import { probeModule, sendsMail } from "../probe-module.js";
import { type ModuleProblem, Section } from "./section.js";

export interface BlackboxConfig {
  readonly modules: ReadonlyMap<string, Module>;
  /** In the order of the file. A module with a problem is not among the modules. */
  readonly problems: readonly ModuleProblem[];
}

/** A target that every prober takes, to find out at the start what a contract refuses. */
const SAMPLE = { target: "192.0.2.1:1", hostname: null, timeoutMs: 5000 };

/** Reads blackbox_exporter's own configuration. Rejects with a SuiteError when it is no configuration at all. */
export async function readBlackbox(file: string, text: string): Promise<BlackboxConfig> {
  const document = await SuiteDocument.parse(file, text);
  const problems: ModuleProblem[] = [];
  const top = document.value();
  const names = namesOf(top);
  if (names === null) {
    const { line, column } = document.position(["modules"]);
    throw new SuiteError([{ file, line, column, message: "there are no modules: it must be a mapping with modules by name", hint: null }]);
  }
  new Section(document, "", [], { ...(top as object), modules: null }, problems).end();
  const modules = new Map<string, Module>();
  for (const name of names) {
    const before = problems.length;
    const section = new Section(document, name, ["modules", name], (top as { modules: Record<string, unknown> }).modules[name], problems);
    const module = await moduleOf(section);
    if (problems.length === before && module !== null) await tryOut(section, module);
    if (problems.length === before && module !== null) modules.set(name, module);
  }
  return { modules, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
}

function namesOf(top: unknown): string[] | null {
  const modules = (top as { modules?: unknown } | null)?.modules;
  return modules !== null && typeof modules === "object" && !Array.isArray(modules) ? Object.keys(modules) : null;
}

async function moduleOf(section: Section): Promise<Module | null> {
  const prober = section.text("prober");
  const timeoutMs = timeoutOf(section);
  if (prober === null) {
    section.wrong(null, "prober is required");
    return null;
  }
  const parts = Object.hasOwn(PROBERS, prober)
    ? PROBERS[prober as keyof typeof PROBERS](section.section(prober))
    : prober.includes(".")
      ? await ownProbe(section, prober)
      : unsupported(section, prober);
  // Settings of other probers change nothing.
  for (const other of ["http", "tcp", "dns", "icmp", "grpc", "unix", "websocket"]) section.has(other);
  section.end();
  return parts === null ? null : { name: section.module, timeoutMs, ...parts };
}

function unsupported(section: Section, prober: string): null {
  section.wrong("prober", `the prober ${prober} is not supported: there are ${Object.keys(PROBERS).join(", ")}, and any probe such as network.smtp`);
  return null;
}

function timeoutOf(section: Section): number | null {
  const written = section.text("timeout");
  const milliseconds = written === null ? null : durationMs(written);
  if (written !== null && milliseconds === null) section.wrong("timeout", `timeout must be a duration such as 5s, not ${JSON.stringify(written)}`);
  return milliseconds === 0 ? null : milliseconds;
}

/** Our addition to the format: a prober may be any probe, with an `input` for it. */
async function ownProbe(section: Section, prober: string): Promise<Omit<Module, "name" | "timeoutMs"> | null> {
  const input = section.mapping("input") ?? {};
  try {
    const { name } = parseAsked(prober);
    if (sendsMail(name, input)) section.wrong("prober", "a module may not send mail");
    const parts = probeModule(prober, await loadProbe(name), input);
    if (parts === null) section.wrong("prober", `${name} does not say which field a target fills`);
    return parts;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    section.wrong("prober", [error.summary, ...error.violations.map(({ message }) => message)].join(": "));
    return null;
  }
}

/** What the probe's contract refuses is reported at the start, and not as a target that fails. */
async function tryOut(section: Section, { probe, inputs }: Module): Promise<void> {
  const asked = parseAsked(probe);
  const loaded = await loadProbe(asked.name);
  const [input] = await inputs(SAMPLE);
  try {
    accept(loaded, asked, input);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    const { target } = loaded.probe;
    const ofTarget = target === undefined ? [] : fieldsOfTarget(target);
    for (const { pointer, message } of error.violations)
      if (!ofTarget.includes(pointer.split("/")[1] as string)) section.wrong(null, `${pointer.slice(1).replaceAll("/", ".")}: ${message}`);
  }
}
