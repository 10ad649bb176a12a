import { RequestError } from "../support/request-error.js";

/** A requested name: `network.smtp`, `network.smtp@2` or `network.smtp@2.0.0`. */
export interface Asked {
  name: string;
  version: string | null;
}

export function parseAsked(written: string): Asked {
  const at = written.lastIndexOf("@");
  // A scope (@someone/probe-run-probe-x) begins with an @ that does not precede a version.
  if (at <= 0 || !/^\d+(\.\d+\.\d+)?$/.test(written.slice(at + 1))) {
    if (at > 0 && !written.includes("/")) {
      throw new RequestError(`${JSON.stringify(written.slice(at + 1))} is not a version`, "unknown_version", [
        { pointer: "", message: "a version is a major (network.smtp@2) or whole (network.smtp@2.0.0)", hint: null },
      ]);
    }
    return { name: written, version: null };
  }
  return { name: written.slice(0, at), version: written.slice(at + 1) };
}

/** The versions that may serve: all of them, or the requested ones, newest first. */
export function candidates(asked: Asked, versions: readonly string[]): readonly string[] {
  const { version } = asked;
  if (version === null) return versions;
  const fitting = versions.filter((served) => served === version || (!version.includes(".") && served.startsWith(`${version}.`)));
  if (fitting.length > 0) return fitting.slice(0, 1);
  throw new RequestError(`${asked.name} has no version ${version}`, "unknown_version", [
    { pointer: "", message: `it serves ${versions.join(" and ")}`, hint: `run \`probe-run describe ${asked.name}\`` },
  ]);
}

export function newestFirst(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let index = 0; index < 3; index++) {
    const difference = (right[index] ?? 0) - (left[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
