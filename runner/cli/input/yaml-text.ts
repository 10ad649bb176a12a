import { LineCounter, parseAllDocuments } from "yaml";
import { checkDepth, unreadableText } from "./json-text.js";

/** More aliases than this are an expansion attack. */
const MAX_ALIASES = 100;

/** Parses YAML; each document is one input. */
export function parseYaml(text: string, name: string): unknown {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const documents = Array.isArray(parsed) ? parsed : [];
  if (documents.length === 0) throw unreadableText(`${name} is empty`, "it must hold an input, or a list of them");
  for (const { errors } of documents) {
    const [error] = errors;
    if (error === undefined) continue;
    const { line, col } = lines.linePos(error.pos[0]);
    throw unreadableText(`${name} is not YAML`, `line ${line}, column ${col}: ${error.message}`);
  }
  const values = documents.map((document) => plainValue(() => document.toJS({ maxAliasCount: MAX_ALIASES }), name));
  for (const value of values) checkDepth(value, name);
  return values.length === 1 ? values[0] : values.flat();
}

function plainValue(read: () => unknown, name: string): unknown {
  try {
    return read();
  } catch (error) {
    throw unreadableText(`${name} cannot be read as YAML`, (error as Error).message);
  }
}
