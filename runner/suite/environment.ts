import type { Node } from "yaml";
import { nearest } from "../support/did-you-mean.js";
import type { SuiteDocument } from "./document.js";
import type { Problem } from "./problem.js";
import { spellingOf } from "./scalar-value.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** `$${` is a literal `${`; what begins like a variable and is not one is reported. */
const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]{0,1024}))?\})?/g;

/** Where a scalar's text came from. */
export interface Substitution {
  readonly variables: readonly string[];
  /** A variable was missing, so the text is not the intended one. */
  readonly failed: boolean;
  readonly text: string;
}

/**
 * Replaces `${NAME}` and `${NAME:-default}` in the values of the document. A value never becomes YAML: it fills one scalar. Unquoted, that may be a
 * number, true, false or null; quoted, it is a text unless a contract requires otherwise.
 */
export function substituteVariables(document: SuiteDocument, environment: Environment, problems: Problem[]): Map<Node, Substitution> {
  const filled = new Map<Node, Substitution>();
  for (const scalar of document.values()) {
    if (typeof scalar.value !== "string" || !scalar.value.includes("${")) continue;
    const names: string[] = [];
    let failed = false;
    const text = substitute(scalar.value, environment, names, (message, hint) => {
      failed = true;
      problems.push({ file: document.file, ...document.positionOf(scalar), message, hint });
    });
    scalar.value = scalar.type === "PLAIN" && names.length > 0 ? spellingOf(text) : text;
    if (names.length > 0 || failed) filled.set(scalar, { variables: names, failed, text });
  }
  return filled;
}

function substitute(text: string, environment: Environment, names: string[], tell: (message: string, hint: string | null) => void): string {
  return text.replace(REFERENCE, (written: string, name: string | undefined, otherwise: string | undefined) => {
    if (written === "$${") return "${";
    if (name === undefined) {
      tell("this is no variable", `write \${NAME} or \${NAME:-default}, or $\${ for the characters themselves`);
      return written;
    }
    names.push(name);
    const value = environment[name];
    // As in a shell, an empty variable counts as missing if there is a default.
    if (otherwise !== undefined) return value === undefined || value === "" ? otherwise : value;
    if (value === undefined) tell(`the environment variable ${name} is not set`, unsetHint(name, environment));
    return value ?? "";
  });
}

function unsetHint(name: string, environment: Environment): string {
  const near = nearest(name, Object.keys(environment), 1)[0];
  return near === undefined ? `set it, or give a default: \${${name}:-default}` : `did you mean ${near}?`;
}
