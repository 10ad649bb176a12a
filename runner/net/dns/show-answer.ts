import type { Answer } from "./answer.js";
import type { DataOf, RecordType } from "./records.js";

/** What an answer says, in one line for a person. */
export function showAnswer(answer: Answer): string {
  const where = answer.fromCache ? " (from the cache)" : "";
  if (answer.problem !== null) return `${answer.problem}${where}`;
  if (answer.outcome === "no_such_name") return `no such name${where}`;
  if (answer.outcome === "no_data") return `no such record${where}`;
  const shown = answer.records.slice(0, MOST).map(showData).join(", ");
  const rest = answer.records.length > MOST ? ` and ${answer.records.length - MOST} more` : "";
  return `${shown}${rest}${where}`;
}

const MOST = 8;

/** One record, with spaces between its fields. */
export function showData(data: DataOf<RecordType>): string {
  if (typeof data === "string") return data;
  if (Array.isArray(data)) return data.map((part) => JSON.stringify(String(part))).join(" ");
  if (Buffer.isBuffer(data)) return data.toString("hex");
  return Object.values(data)
    .map((value) => (Buffer.isBuffer(value) ? value.toString("hex") : String(value)))
    .join(" ");
}
