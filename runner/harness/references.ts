import type { SecretReference } from "../../schemas/secret.js";
import { isOneLine } from "../../schemas/text.js";
import { LEAST_SECRET_CHARACTERS, type SecretKeeper } from "../run/secret-keeper.js";
import { RequestError } from "../support/request-error.js";
import { type ReferencePath, referenceByName } from "./reference-paths.js";

/**
 * Replaces every reference in `input` by its text, and registers the secrets with the keeper. Reports everything that cannot be read in one error.
 * The signal of `until` ends the reading. It is asked for only to read something: a deadline makes its signal at the first request.
 */
export async function resolveReferences(input: unknown, paths: readonly ReferencePath[], keeper: SecretKeeper, until?: Until): Promise<void> {
  const unread: RequestError[] = [];
  for (const { steps, isSecret, isName = false, isSecretByReference = false } of paths)
    await resolveAt(input, steps, "", { isSecret, isName, isSecretByReference, keeper, unread, until });
  const [first] = unread;
  if (first === undefined) return;
  if (unread.length === 1) throw first;
  const violations = unread.flatMap((error) => error.violations);
  const isShort = unread.every(({ code }) => code === "short_secret");
  const message = isShort ? "secrets are too short to protect" : "values that the input refers to could not be used";
  throw new RequestError(message, isShort ? "short_secret" : "unresolved_secret", violations);
}

/** A deadline, or an AbortController. */
interface Until {
  readonly signal: AbortSignal;
}

interface Resolving {
  readonly isSecret: boolean;
  readonly isName: boolean;
  readonly isSecretByReference: boolean;
  readonly keeper: SecretKeeper;
  readonly unread: RequestError[];
  readonly until: Until | undefined;
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

async function resolveField(holder: Record<string, unknown>, key: string, pointer: string, resolving: Resolving): Promise<void> {
  const { isSecret, isName, isSecretByReference, keeper, unread } = resolving;
  const written = holder[key] as string | SecretReference;
  const value = isName && typeof written === "string" ? { secret: referenceByName(written) } : written;
  try {
    const text = typeof value === "string" ? value : await readText(value.secret, pointer, resolving);
    holder[key] = text;
    if (!isSecret || (isSecretByReference && typeof written === "string")) return;
    assertProtectable(text, pointer);
    keeper.keep(text);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    unread.push(error);
  }
}

/** The value 1 has the effect of --allow-short-secrets, also for a program that uses the library. */
export const ALLOW_SHORT_SECRETS = "PROBE_RUN_ALLOW_SHORT_SECRETS";

/** Reveals neither the text nor its length. */
function assertProtectable(text: string, pointer: string): void {
  if (text === "" || text.length >= LEAST_SECRET_CHARACTERS || process.env[ALLOW_SHORT_SECRETS] === "1") return;
  throw new RequestError(`the secret at ${pointer} is too short to protect`, "short_secret", [
    {
      pointer,
      message: `has fewer than ${LEAST_SECRET_CHARACTERS} characters: too short to protect, since it cannot be masked inside words and numbers`,
      hint: `use a longer one, or insist with --allow-short-secrets (or ${ALLOW_SHORT_SECRETS}=1)`,
    },
  ]);
}

async function readText(reference: string, pointer: string, { isSecret, until }: Resolving): Promise<string> {
  const signal = until?.signal;
  const colon = reference.indexOf(":");
  const kind = reference.slice(0, colon);
  const place = reference.slice(colon + 1);
  try {
    const read = READERS[kind as keyof typeof READERS];
    const text = (await read(place, signal)).replace(/\r?\n$/, "");
    if (text === "") throw new Error("it is empty");
    // The contract has validated the reference only: these are the rules for a text in the input itself.
    if (!isSecret && !isOneLine(text)) throw new Error("it is not one line, without CR, LF or NUL");
    return text;
  } catch (error) {
    const message = `${kind}:${place}: ${signal?.aborted === true ? reasonOfEnd(signal) : reasonOf(error as NodeJS.ErrnoException)}`;
    throw new RequestError(`the ${isSecret ? "secret" : "value"} at ${pointer} could not be read`, "unresolved_secret", [
      { pointer, message, hint: HINTS[kind] ?? null },
    ]);
  }
}

/** Loaded on demand, since few inputs need it: child_process alone takes 2 ms of every start. */
const READERS = {
  env: async (name: string) => fromEnvironment(name),
  file: async (path: string, signal: AbortSignal | undefined) => (await import("./read-secret-file.js")).readSecretFile(path, signal),
  command: async (line: string, signal: AbortSignal | undefined) => (await import("./run-secret-command.js")).runSecretCommand(line, signal),
};

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

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code ?? message;
}

function reasonOfEnd({ reason }: AbortSignal): string {
  const { name, message } = reason as Error;
  return name === "TimeoutError" || message === "timeout" ? "it was not read before the run's deadline" : "the run was cancelled";
}
