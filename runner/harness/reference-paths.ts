/** A position in an input where a reference to the value is allowed. `*` stands for every element. */
export interface ReferencePath {
  readonly steps: readonly string[];
  /** Its text is masked in everything that leaves the run. */
  readonly isSecret: boolean;
  /** A text in this position is not the value but the name of the environment variable with it. */
  readonly isName?: true;
  /** A text in this position is not a secret: only a reference leads to one. */
  readonly isSecretByReference?: true;
}

/** The positions of references in an input of this schema. */
export function referencePaths(schema: unknown, steps: readonly string[] = []): ReferencePath[] {
  if (schema === null || typeof schema !== "object") return [];
  const node = schema as Annotated;
  if (node["x-secret-name"] === true) return [{ steps, isSecret: true, isName: true }];
  if (node["x-secret-reference"] === true) return [{ steps, isSecret: true, isSecretByReference: true }];
  if (node["x-secret"] === true || node["x-reference"] === true) return [{ steps, isSecret: node["x-secret"] === true }];
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([name, property]) => referencePaths(property, [...steps, name])),
    ...referencePaths(node.items, [...steps, "*"]),
    ...referencePaths(node.additionalProperties, [...steps, "*"]),
    ...(node.anyOf ?? []).flatMap((alternative) => referencePaths(alternative, steps)),
  ];
}

interface Annotated {
  "x-secret"?: boolean;
  "x-secret-name"?: boolean;
  "x-secret-reference"?: boolean;
  "x-reference"?: boolean;
  properties?: Record<string, unknown>;
  items?: unknown;
  additionalProperties?: unknown;
  anyOf?: unknown[];
}

/** The variable for a bare name: as written, or in capitals, as such variables usually are. */
export function referenceByName(name: string): string {
  const inCapitals = name.toUpperCase();
  return `env:${process.env[name] === undefined && process.env[inCapitals] !== undefined ? inCapitals : name}`;
}

/** False if nothing at this position has to be read or masked: most inputs contain neither a reference nor a secret. */
export function needsResolving(input: unknown, { steps, isSecret }: ReferencePath): boolean {
  let value = input;
  for (const step of steps) {
    if (step === "*") return true;
    value = value !== null && typeof value === "object" ? (value as Record<string, unknown>)[step] : undefined;
    if (value === undefined) return false;
  }
  return isSecret || typeof value !== "string";
}
