import type { Contract } from "../../schemas/contract.js";
import { nearest } from "../support/did-you-mean.js";
import { RequestError, type Violation } from "../support/request-error.js";
import { capabilityNames } from "./capabilities.js";
import type { Probe } from "./define-probe.js";
import { type InputSchema, missingFields, type Target } from "./target.js";
import { newestFirst } from "./version.js";

/** Checks that the export of a file or package is a valid probe. All problems are reported at once. */
export function checkedProbe(name: string, exported: unknown): Probe {
  const violations = isObject(exported) ? faultsOf(exported) : [noProbe];
  if (violations.length > 0) throw new RequestError(`${name} cannot be used as a probe`, "invalid_probe", violations);
  return exported as Probe;
}

const noProbe: Violation = { pointer: "", message: "its default export is not a probe", hint: "write `export default defineProbe({…})`" };

function faultsOf(probe: Record<string, unknown>): Violation[] {
  if (!("versions" in probe) && !("run" in probe)) return [noProbe];
  const faults: Violation[] = [];
  const fault = (pointer: string, message: string, hint: string | null = null): void => void faults.push({ pointer, message, hint });
  if (typeof probe.name !== "string" || !/^[a-z][a-z0-9]*([._-][a-z0-9]+)*$/.test(probe.name)) {
    fault("/name", `must be words of a-z and 0-9 joined by dots, not ${JSON.stringify(probe.name)}`, "for example acme.ping");
  }
  if (typeof probe.summary !== "string" || probe.summary === "") fault("/summary", "must be one sentence for the catalogue");
  if (typeof probe.run !== "function") fault("/run", "must be a function");
  if (probe.replay !== undefined && probe.replay !== "lines" && typeof probe.replay !== "function")
    fault("/replay", 'must be "lines", or a function that says why an input\'s conversation cannot be replayed');
  faults.push(...needFaults(probe.needs), ...versionFaults(probe.versions), ...targetFaults(probe));
  return faults;
}

function needFaults(needs: unknown): Violation[] {
  const known = capabilityNames();
  if (!Array.isArray(needs)) return [{ pointer: "/needs", message: `must be an array with any of ${known.join(", ")}`, hint: null }];
  return needs.flatMap((need, index): Violation[] => {
    if ((known as unknown[]).includes(need)) return [];
    const near = nearest(String(need), known, 1)[0];
    return [
      {
        pointer: `/needs/${index}`,
        message: `there is no need ${JSON.stringify(need)}`,
        hint: near === undefined ? `there are: ${known.join(", ")}` : `did you mean ${near}?`,
      },
    ];
  });
}

function versionFaults(versions: unknown): Violation[] {
  if (!isObject(versions) || Object.keys(versions).length === 0) return [{ pointer: "/version", message: "must be a version such as 1.0.0", hint: null }];
  return Object.entries(versions).flatMap(([version, contracts]): Violation[] => {
    const pointer = `/versions/${version}`;
    if (!/^(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}$/.test(version)) return [{ pointer, message: "must be whole, such as 1.0.0", hint: null }];
    return (["input", "output"] as const).flatMap((side) => contractFaults(isObject(contracts) ? contracts[side] : undefined, `${pointer}/${side}`));
  });
}

/** The fields are those of the newest contract. */
function targetFaults({ target, versions }: Record<string, unknown>): Violation[] {
  if (target === undefined) return [];
  const isTarget = typeof target === "string" || (isObject(target) && typeof target.host === "string");
  if (!isTarget) return [{ pointer: "/target", message: "must be the name of an input field, or { host, port } with two of them", hint: null }];
  if (!isObject(versions)) return [];
  const newest = Object.keys(versions).sort(newestFirst)[0] ?? "";
  const schema = ((versions as Probe["versions"])[newest]?.input?.schema ?? {}) as InputSchema;
  return missingFields(target as Target, schema).map((field) => ({
    pointer: "/target",
    message: `the input has no field ${JSON.stringify(field)}`,
    hint: null,
  }));
}

function contractFaults(contract: unknown, pointer: string): Violation[] {
  if (!isObject(contract) || !isObject(contract.schema))
    return [{ pointer, message: "must be made with contract({…})", hint: 'import { contract } from "probe-run"' }];
  try {
    // Compiles it, so that a faulty schema is reported now and not by the first run.
    return typeof (contract as unknown as Contract).validator === "function" ? [] : [{ pointer, message: "must be made with contract({…})", hint: null }];
  } catch (error) {
    return [{ pointer, message: `is not a JSON Schema: ${(error as Error).message}`, hint: null }];
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object";
}
