import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { inRepo } from "../repo.js";
import { type Mode, type NameOf, plainTypeText, type Schema } from "./type-text.js";

/** A type of the sources that is derived from a schema: `export type Finding = FromSchema<typeof findingSchema>`. */
export interface SchemaType {
  readonly name: string;
  /** The file that exports it, from the top of this checkout. */
  readonly file: string;
  readonly mode: Mode;
  readonly schema: Schema;
}

const FOLDERS = ["schemas", "runner/delivery/service"];
const DERIVED = /^export type (\w+) = (FromSchema|FilledOf|GivenOf)<typeof (\w+)(, \{ keepDefaultedPropertiesOptional: true \})?>;/gm;

/** Every such type, with the value of its schema: the sources are loaded with one more export for each. */
export async function schemaTypes(): Promise<SchemaType[]> {
  const found = FOLDERS.flatMap((folder) => readdirSync(inRepo(folder)).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => declarationsIn(file));
  const values = await valuesOf(found);
  return found.map(({ name, file, mode }, index) => ({ name, file, mode, schema: schemaIn(values[index]) }));
}

interface Declaration {
  readonly name: string;
  readonly file: string;
  readonly mode: Mode;
  readonly constant: string;
}

function declarationsIn(file: string): Declaration[] {
  return [...readFileSync(inRepo(file), "utf8").matchAll(DERIVED)].map(([, name = "", by, constant = "", optional]) => {
    const mode = by === "GivenOf" || optional !== undefined ? "given" : "filled";
    return { name, file, mode, constant };
  });
}

async function valuesOf(declarations: readonly Declaration[]): Promise<unknown[]> {
  const outfile = inRepo("node_modules/.cache/probe-run", `${randomUUID()}.mjs`);
  const entry = declarations.map(({ file, constant }, index) => `export { ${constant} as type${index} } from ${JSON.stringify(`./${file}`)};`);
  await build({
    stdin: { contents: entry.join("\n"), resolveDir: inRepo(), loader: "ts", sourcefile: "schema-types.ts" },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    packages: "external",
    logLevel: "error",
    plugins: [exporting(declarations)],
  });
  try {
    const values = (await import(pathToFileURL(outfile).href)) as Record<string, unknown>;
    return declarations.map((_, index) => values[`type${index}`]);
  } finally {
    await rm(outfile, { force: true });
  }
}

/** esbuild plugin: exports the schemas that only their own file knows. */
function exporting(declarations: readonly Declaration[]): import("esbuild").Plugin {
  return {
    name: "exporting-schemas",
    setup(build) {
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const own = [...new Set(declarations.filter(({ file }) => inRepo(file) === path).map(({ constant }) => constant))];
        if (own.length === 0) return undefined;
        const text = readFileSync(path, "utf8");
        const hidden = own.filter((constant) => !new RegExp(`^export const ${constant}\\b`, "m").test(text));
        return { contents: `${text}\nexport { ${hidden.join(", ")} };\n`, loader: "ts" };
      });
    },
  };
}

/** Of a contract, its schema. */
function schemaIn(value: unknown): Schema {
  const { schema } = value as { schema?: Schema };
  return schema ?? (value as Schema);
}

/** Names the types that are known, by their texts without comments. Of equal types the first one gives the name. */
export function namesOf(types: readonly SchemaType[], wellKnown: NameOf): NameOf {
  const names = new Map<string, string>();
  const nameOf: NameOf = (text) => names.get(text) ?? wellKnown(text);
  // A type is shorter than one that it is part of: parts have their names first.
  const sorted = types.map((type) => ({ ...type, length: plainTypeText(type.schema, type.mode).length })).sort((one, other) => one.length - other.length);
  for (const { name, mode, schema } of sorted) {
    const text = plainTypeText(schema, mode, nameOf);
    // A text like `string | null` is as readable as a name, and may be equal by chance.
    if (text.length > 40 && !names.has(text)) names.set(text, name);
  }
  return nameOf;
}
