import { type Node, Scalar, visit } from "yaml";
import { nearest } from "../nearest.js";
import type { SuiteDocument } from "./document.js";
import type { Problem } from "./problem.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** `$${` stands for `${` itself; what begins like a variable and is none is told. */
const REFERENCE = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?/g;

/** A value that an unquoted text may stand for: JSON's spelling of numbers, so that 007 and 1_000 stay texts. */
const NOT_TEXT = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/**
 * Puts the environment's values in the place of `${NAME}` and `${NAME:-default}`, in the values of the document.
 * A value never becomes YAML: it fills one scalar. Unquoted, that may be a number, true, false or null; quoted it is a text.
 * Gives back, for each scalar that was filled, the names of its variables.
 */
export function fillIn(document: SuiteDocument, environment: Environment, problems: Problem[]): Map<Node, string[]> {
  const filled = new Map<Node, string[]>();
  visit(document.yaml, {
    Scalar(place, scalar) {
      if (place === "key" || typeof scalar.value !== "string" || !scalar.value.includes("${")) return;
      const names: string[] = [];
      const text = substitute(scalar.value, environment, names, (message, hint) => {
        problems.push({ file: document.file, ...document.positionOf(scalar), message, hint });
      });
      scalar.value = scalar.type === Scalar.PLAIN && names.length > 0 && NOT_TEXT.test(text) ? (JSON.parse(text) as unknown) : text;
      if (names.length > 0) filled.set(scalar, names);
    },
  });
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
    // As in a shell, an empty variable is as good as none where there is a default.
    if (otherwise !== undefined) return value === undefined || value === "" ? otherwise : value;
    if (value === undefined) tell(`the environment variable ${name} is not set`, unsetHint(name, environment));
    return value ?? "";
  });
}

function unsetHint(name: string, environment: Environment): string {
  const near = nearest(name, Object.keys(environment), 1)[0];
  return `${near === undefined ? "" : `did you mean ${near}? `}Set it, or give a default: \${${name}:-default}`;
}
