import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import ts from "typescript";
import type { Probe } from "../../runner/harness/define-probe.js";
import { inRepo } from "../repo.js";
import { declaration, interfaceNames, probeInterfaces, probeTable, vocabularies } from "./probe-interfaces.js";
import { namesOf, type SchemaType, schemaTypes } from "./schema-types.js";
import type { NameOf } from "./type-text.js";

/** Declarations by the path of their source without its extension, from the top of this checkout. */
export type Declarations = Map<string, string>;

const SCHEMA_TYPE = "scripts/types/schema-type";
/** The entry point that exports the interfaces of the probes. */
const PUBLIC = "runner/index";
/** A module that no source has: the interfaces of the probes. */
const PROBE_TYPES = "probes/types";

/**
 * The declarations of everything that these modules import, one text a file. What the sources derive from schemas is written out as
 * interfaces, and the probes are left out: their inputs and outputs are interfaces, too, in place of the registry's types.
 */
export async function emitDeclarations(modules: readonly string[], probes: readonly Probe[]): Promise<Declarations> {
  const types = await schemaTypes();
  const nameOf = namesOf(types, vocabularies);
  const sources = new Map([
    ["probes/index.ts", registrySource(probes)],
    [`${PROBE_TYPES}.ts`, probeTypes(probes, types, nameOf)],
  ]);
  for (const type of types) sources.set(type.file, withInterface(sources.get(type.file) ?? readFileSync(inRepo(type.file), "utf8"), type, types, nameOf));
  const declarations = emit(modules, sources);
  declarations.set(PUBLIC, `${declarations.get(PUBLIC)}\nexport * from "../${PROBE_TYPES}.js";\n`);
  declarations.set(SCHEMA_TYPE, readFileSync(inRepo(`${SCHEMA_TYPE}.ts`), "utf8"));
  return declarations;
}

/** `sources` win over the files of the same path. */
function emit(modules: readonly string[], sources: ReadonlyMap<string, string>): Declarations {
  const options = compilerOptions();
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  const texts = new Map([...sources].map(([path, text]) => [inRepo(path), text]));
  // No declaration depends on a type derived from a schema: those are interfaces by now. Deriving them would take half a minute.
  texts.set(inRepo(`${SCHEMA_TYPE}.ts`), "export type JSONSchema = unknown;\nexport type FromSchema<Schema, Options = unknown> = unknown;\n");
  const { fileExists } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram(
    modules.map((module) => inRepo(`${module}.ts`)),
    options,
    host,
  );
  const declarations: Declarations = new Map();
  const { diagnostics } = program.emit(undefined, (path, text) => declarations.set(relative(inRepo("dist/types"), path).replace(/\.d\.ts$/, ""), text));
  assertNone(diagnostics);
  return declarations;
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(inRepo("tsconfig.build.json"), (path) => readFileSync(path, "utf8"));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, inRepo());
  return { ...options, noCheck: true, paths: { "json-schema-to-ts": [inRepo(`${SCHEMA_TYPE}.ts`)] } };
}

export function assertNone(diagnostics: readonly ts.Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  const host = { getCanonicalFileName: (path: string) => path, getCurrentDirectory: () => inRepo(), getNewLine: () => "\n" };
  throw new Error(`the types could not be written:\n${ts.formatDiagnostics(diagnostics, host)}`);
}

/** A source with the interface that a schema describes, in place of the type that is derived from it. */
function withInterface(source: string, { name, file, mode, schema }: SchemaType, types: readonly SchemaType[], nameOf: NameOf): string {
  const written = declaration(name, null, schema, mode, nameOf);
  return source.replace(new RegExp(`^export type ${name} = .*;$`, "m"), () => `${written}\n${imports(file.replace(/\.ts$/, ""), written, source, types)}`);
}

function registrySource(probes: readonly Probe[]): string {
  return `import type { BuiltIn } from "../runner/harness/built-in.js";
import type { Exchange, TypedProbe } from "../runner/harness/define-probe.js";
import type { ${probes.flatMap(interfaceNames).join(", ")} } from "./types.js";
export declare const builtIn: Readonly<Record<string, BuiltIn>>;
${probeTable(probes)}
`;
}

function probeTypes(probes: readonly Probe[], types: readonly SchemaType[], nameOf: NameOf): string {
  const written = probes.map((probe) => probeInterfaces(probe, nameOf)).join("\n\n");
  return `${imports(PROBE_TYPES, written, "", types)}\n${written}\n`;
}

/** Of the types with a name that a text uses. */
function imports(module: string, written: string, present: string, types: readonly SchemaType[]): string {
  const words = new Set(written.replace(/\/\*\*.*?\*\//gs, "").match(/\b[A-Z]\w*\b/g));
  const known = [...types.map(({ name, file }) => ({ name, from: file.replace(/\.ts$/, "") })), ...VOCABULARIES];
  return known
    .filter(({ name, from }) => words.has(name) && from !== module && !new RegExp(`\\b(import|type)\\b[^;]*\\b${name}\\b[^;]*\\bfrom\\b`).test(present))
    .map(({ name, from }) => `import type { ${name} } from ${JSON.stringify(`./${relative(dirname(module), from)}.js`)};`)
    .join("\n");
}

const VOCABULARIES = [
  { name: "Phase", from: "schemas/failure" },
  { name: "FailureCode", from: "schemas/failure" },
  { name: "SecretReference", from: "schemas/secret" },
];
