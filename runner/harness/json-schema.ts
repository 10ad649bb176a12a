import type { Probe } from "./define-probe.js";

/** One contract of a probe as a standalone JSON Schema, for other languages. */
export function jsonSchemaOf(probe: Probe, version: string, side: "input" | "output"): Record<string, unknown> {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:probe-run:${probe.name}:${version}:${side}`,
    title: `${probe.name} ${version} ${side}`,
    ...(probe.versions[version]?.[side].schema as object),
  };
}
