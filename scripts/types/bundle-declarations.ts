import ts from "typescript";
import { assertNone, type Declarations } from "./emit-declarations.js";
import { FOLDER, isOurs, PublishedFile } from "./published-file.js";

/** A published file of declarations: the module whose exports it has, and its name. */
export interface EntryPoint {
  readonly module: string;
  readonly file: string;
}

/** One text for each entry point, by its file. What an earlier one exports, a later one imports from it. */
export function bundleDeclarations(declarations: Declarations, entryPoints: readonly EntryPoint[]): Map<string, string> {
  const program = programOf(declarations, entryPoints);
  const checker = program.getTypeChecker();
  const published = new Map<ts.Symbol, { name: string; from: string }>();
  const texts = new Map<string, string>();
  for (const { module, file } of entryPoints) {
    const bundle = new PublishedFile(checker, published);
    texts.set(file, bundle.textOf(moduleSymbol(program, module)));
    for (const [symbol, name] of bundle.exported) if (!published.has(symbol)) published.set(symbol, { name, from: `./${file}.js` });
  }
  return texts;
}

function programOf(declarations: Declarations, entryPoints: readonly EntryPoint[]): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    paths: { "json-schema-to-ts": [pathOf("scripts/types/schema-type")] },
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, directoryExists } = host;
  const virtual = new Map([...declarations].map(([module, text]) => [pathOf(module), text]));
  host.fileExists = (path) => virtual.has(path) || fileExists(path);
  host.readFile = (path) => virtual.get(path) ?? readFile(path);
  host.directoryExists = (path) => path.startsWith(FOLDER) || directoryExists?.(path) === true;
  const program = ts.createProgram(
    entryPoints.map(({ module }) => pathOf(module)),
    options,
    host,
  );
  // skipLibCheck: the compiler would not look at declarations. What cannot be resolved would become `any`.
  assertNone(
    program
      .getSourceFiles()
      .filter(isOurs)
      .flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
  );
  return program;
}

function pathOf(module: string): string {
  return `${FOLDER}/${module}.d.ts`;
}

function moduleSymbol(program: ts.Program, module: string): ts.Symbol {
  const file = program.getSourceFile(pathOf(module));
  const symbol = file === undefined ? undefined : program.getTypeChecker().getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${module} has no declarations`);
  return symbol;
}
