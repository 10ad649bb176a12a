import { patternFault } from "../../schemas/regular-expression.js";

export interface CompiledSchema {
  (value: unknown): boolean;
  errors?: { instancePath: string; message?: string }[] | null;
}

/** Compiles a JSON Schema of an input. Throws an Error that says why it cannot be used. */
export function compileSchema(schema: object | boolean): CompiledSchema {
  refuseSlowPatterns(schema);
  // Ajv takes 30 ms to load: only for an input that has a schema.
  const { createRequire } = process.getBuiltinModule("node:module");
  const { Ajv2020 } = createRequire(import.meta.url)("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
  return new Ajv2020({ strict: false, allErrors: true, validateFormats: false, logger: false }).compile(schema) as CompiledSchema;
}

/** The schema's expressions judge texts of the server. */
function refuseSlowPatterns(node: unknown, key = ""): void {
  if (key === "pattern" && typeof node === "string") assertUsable(node);
  if (node === null || typeof node !== "object") return;
  for (const [name, value] of Object.entries(node)) {
    if (key === "patternProperties") assertUsable(name);
    refuseSlowPatterns(value, Array.isArray(node) ? "" : name);
  }
}

function assertUsable(pattern: string): void {
  const fault = patternFault(pattern);
  if (fault !== null) throw new Error(`the pattern ${JSON.stringify(pattern)} cannot be used: ${fault}`);
}
