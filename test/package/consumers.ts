/** One project that depends on the package. All but the JavaScript ones are compiled with strict and without skipLibCheck. */
export interface Consumer {
  readonly name: string;
  /** In fixtures/package/. */
  readonly source: string;
  /** "module" or "commonjs": what its package.json says. */
  readonly type: "module" | "commonjs";
  readonly typescript?: string;
  readonly compilerOptions?: Readonly<Record<string, unknown>>;
}

const NODE_NEXT = { module: "NodeNext", moduleResolution: "NodeNext" };

export const CONSUMERS: readonly Consumer[] = [
  { name: "javascript-esm", source: "esm.mjs", type: "module" },
  { name: "javascript-commonjs", source: "common.cjs", type: "commonjs" },
  { name: "typescript-5.4-nodenext", source: "esm.ts", type: "module", typescript: "5.4.5", compilerOptions: NODE_NEXT },
  {
    name: "typescript-5.4-bundler",
    source: "esm.ts",
    type: "module",
    typescript: "5.4.5",
    compilerOptions: { module: "ESNext", moduleResolution: "bundler" },
  },
  {
    name: "typescript-5.4-node10",
    source: "common.ts",
    type: "commonjs",
    typescript: "5.4.5",
    compilerOptions: { module: "CommonJS", moduleResolution: "node10" },
  },
  { name: "typescript-5.9-nodenext", source: "esm.ts", type: "module", typescript: "5.9.3", compilerOptions: NODE_NEXT },
  { name: "typescript-5.9-commonjs", source: "common.ts", type: "commonjs", typescript: "5.9.3", compilerOptions: NODE_NEXT },
  { name: "typescript-6-exact", source: "esm.ts", type: "module", typescript: "6.0.3", compilerOptions: { ...NODE_NEXT, exactOptionalPropertyTypes: true } },
  {
    name: "typescript-6-bundler",
    source: "esm.ts",
    type: "module",
    typescript: "6.0.3",
    compilerOptions: { module: "ESNext", moduleResolution: "bundler", types: ["node"] },
  },
  {
    name: "probe-run-probe-acme",
    source: "probe.ts",
    type: "module",
    typescript: "6.0.3",
    compilerOptions: { ...NODE_NEXT, exactOptionalPropertyTypes: true, declaration: true, noUncheckedIndexedAccess: true },
  },
];

export function manifestOf({ name, type, typescript }: Consumer, tarball: string): Record<string, unknown> {
  return {
    name,
    version: "1.0.0",
    private: true,
    type,
    exports: "./dist/main.js",
    dependencies: { "probe-run": `file:${tarball}` },
    devDependencies: typescript === undefined ? {} : { typescript, "@types/node": "^20.19.0" },
  };
}

export function tsconfigOf({ compilerOptions }: Consumer): Record<string, unknown> {
  const common = { target: "ES2022", lib: ["ES2022"], strict: true, skipLibCheck: false, rootDir: ".", outDir: "dist", verbatimModuleSyntax: false };
  return { compilerOptions: { ...common, ...compilerOptions }, files: ["main.ts"] };
}
