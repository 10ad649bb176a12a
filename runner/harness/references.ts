import type { ExecFileException } from "node:child_process";
import type { SecretReference } from "../../schemas/secret.js";
import { isOneLine } from "../../schemas/text.js";
import type { SecretKeeper } from "../run/secret-keeper.js";
import { RequestError } from "../support/request-error.js";

/** A place in an input where a value may be written as a reference to it. `*` stands for every element. */
export interface ReferencePath {
  readonly steps: readonly string[];
  /** Its text is masked in whatever leaves the run. */
  readonly isSecret: boolean;
  /** A text that stands there is no value, but the name of the environment variable that holds it. */
  readonly isName?: true;
}

/** Where, in an input of this schema, references may stand. */
export function referencePaths(schema: unknown, steps: readonly string[] = []): ReferencePath[] {
  if (schema === null || typeof schema !== "object") return [];
  const node = schema as Annotated;
  if (node["x-secret-name"] === true) return [{ steps, isSecret: true, isName: true }];
  if (node["x-secret"] === true || node["x-reference"] === true) return [{ steps, isSecret: node["x-secret"] === true }];
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([name, property]) => referencePaths(property, [...steps, name])),
    ...referencePaths(node.items, [...steps, "*"]),
    ...(node.anyOf ?? []).flatMap((alternative) => referencePaths(alternative, steps)),
  ];
}

interface Annotated {
  "x-secret"?: boolean;
  "x-secret-name"?: boolean;
  "x-reference"?: boolean;
  properties?: Record<string, unknown>;
  items?: unknown;
  anyOf?: unknown[];
}

/** The reference that a bare name stands for: as it is written, or in capitals, as such variables usually are. */
export function referenceByName(name: string): string {
  const inCapitals = name.toUpperCase();
  return `env:${process.env[name] === undefined && process.env[inCapitals] !== undefined ? inCapitals : name}`;
}

/** False when there is nothing at this place, nor can be: most inputs hold no reference at all. */
export function mayHold(input: unknown, steps: readonly string[]): boolean {
  const [first] = steps;
  return first === "*" || (input as Record<string, unknown>)[first as string] !== undefined;
}

/** Puts every referenced text in its place in `input`, and tells the keeper which are secrets. What cannot be read is told all at once. */
export async function resolveReferences(input: unknown, paths: readonly ReferencePath[], keeper: SecretKeeper): Promise<void> {
  const unread: RequestError[] = [];
  for (const { steps, isSecret, isName = false } of paths) await resolveAt(input, steps, "", { isSecret, isName, keeper, unread });
  const [first] = unread;
  if (first === undefined) return;
  if (unread.length === 1) throw first;
  const violations = unread.flatMap((error) => error.violations);
  throw new RequestError("values that the input refers to could not be read", "unresolved_secret", violations);
}

interface Resolving {
  readonly isSecret: boolean;
  readonly isName: boolean;
  readonly keeper: SecretKeeper;
  readonly unread: RequestError[];
}

async function resolveAt(node: unknown, steps: readonly string[], pointer: string, resolving: Resolving): Promise<void> {
  if (node === null || typeof node !== "object") return;
  const [step, ...rest] = steps as [string, ...string[]];
  const holder = node as Record<string, unknown>;
  for (const key of step === "*" ? Object.keys(holder) : [step]) {
    const value = holder[key];
    if (value === undefined) continue;
    const here = `${pointer}/${key}`;
    if (rest.length > 0) await resolveAt(value, rest, here, resolving);
    else await resolveField(holder, key, here, resolving);
  }
}

async function resolveField(holder: Record<string, unknown>, key: string, pointer: string, { isSecret, isName, keeper, unread }: Resolving): Promise<void> {
  const written = holder[key] as string | SecretReference;
  const value = isName && typeof written === "string" ? { secret: referenceByName(written) } : written;
  try {
    const text = typeof value === "string" ? value : await fetchText(value.secret, pointer, isSecret);
    holder[key] = text;
    if (isSecret) keeper.keep(text);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    unread.push(error);
  }
}

async function fetchText(reference: string, pointer: string, isSecret: boolean): Promise<string> {
  const colon = reference.indexOf(":");
  const kind = reference.slice(0, colon);
  const where = reference.slice(colon + 1);
  try {
    const written = kind === "env" ? fromEnvironment(where) : kind === "file" ? await fromFile(where) : await fromCommand(where);
    const text = written.replace(/\r?\n$/, "");
    if (text === "") throw new Error("it is empty");
    // The contract has seen the reference only: this is what it asks of a text that is written in the input itself.
    if (!isSecret && !isOneLine(text)) throw new Error("it is not one line, without CR, LF or NUL");
    return text;
  } catch (error) {
    throw new RequestError(`the ${isSecret ? "secret" : "value"} at ${pointer} could not be read`, "unresolved_secret", [
      { pointer, message: `${kind}:${where}: ${reasonOf(error as ExecFileException)}`, hint: HINTS[kind] ?? null },
    ]);
  }
}

/** Never the message of a command that failed: Node puts into it what the command wrote, which may be the secret. */
function reasonOf({ code, killed, signal, message }: ExecFileException): string {
  if (String(code) === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") return "it printed more than 64 KiB";
  if (killed === true) return "it did not end in time";
  if (typeof code === "number") return `it ended with ${code}`;
  if (typeof signal === "string") return `it was ended by ${signal}`;
  return code ?? message;
}

const HINTS: Readonly<Record<string, string>> = {
  env: "set the environment variable, or name another",
  file: "name a file that this user can read",
  command: "the command must print it and end with 0 within 10 seconds",
};

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error("there is no such environment variable");
  return value;
}

// What only a few inputs ask for is loaded when one does: child_process alone takes 2 ms of every start.
async function fromFile(path: string): Promise<string> {
  const { open } = await import("node:fs/promises");
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_FILE_BYTES + 1), 0, MAX_FILE_BYTES + 1);
    if (bytesRead > MAX_FILE_BYTES) throw new Error(`it holds more than ${MAX_FILE_BYTES} bytes`);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

const MAX_FILE_BYTES = 64 * 1024;

// Without a shell: a secret's address is data, and the words of a command line are its arguments as they stand.
async function fromCommand(line: string): Promise<string> {
  const { execFile } = await import("node:child_process");
  const { promisify } = await import("node:util");
  const [program, ...args] = line.trim().split(/\s+/) as [string, ...string[]];
  const { stdout } = await promisify(execFile)(program, args, { timeout: 10_000, maxBuffer: 64 * 1024 });
  return stdout;
}
