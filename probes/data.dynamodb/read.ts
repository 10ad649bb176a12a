import type { Evidence } from "../../runner/harness/define-probe.js";
import { type DynamoAnswer, rejected } from "../../runner/net/dynamodb/ask.js";
import { failureError } from "../../runner/run/failure-error.js";
import type { DataValue } from "../../schemas/data.js";
import { type AttributeValue, attributeAt, attributeValue, readAttributeValue } from "./attribute-value.js";
import type { Input, Output } from "./schema.js";

type Read = NonNullable<Input["read"]>;

const MAX_VALUE_CHARACTERS = 4096;

/** One Query, of one page: by key only, so that it reads no more than max_rows + 1 items. */
export async function read(
  table: string,
  input: Read,
  action: (name: string, parameters: object) => Promise<DynamoAnswer>,
  evidence: Evidence<Output>,
): Promise<void> {
  const answer = await action("Query", parametersOf(table, input));
  if (answer.error !== null) throw rejected("query", answer);
  const { Items: items, LastEvaluatedKey: next, ConsumedCapacity: consumed } = answer.document;
  if (!Array.isArray(items)) throw failureError("query", "protocol_violation", "the answer has no items");
  if (items.length > input.max_rows + 1) throw failureError("query", "protocol_violation", `more than the ${input.max_rows + 1} items that were asked for`);
  evidence.query_ms = answer.duration_ms;
  evidence.consumed_capacity = capacityOf(consumed);
  evidence.truncated = items.length > input.max_rows || (next !== undefined && items.length < input.max_rows);
  const paths = pathsOf(input);
  evidence.rows = items.slice(0, input.max_rows).map((item) => paths.map((path) => shown(item as AttributeValue, path, evidence)));
  evidence.row_count = evidence.rows.length;
}

/** Names of attributes may be reserved words: each gets a placeholder. */
function parametersOf(table: string, input: Read): object {
  const names = new Map<string, string>();
  const placeholder = (name: string): string => {
    const known = names.get(name) ?? `#n${names.size}`;
    names.set(name, known);
    return known;
  };
  const key = Object.entries(input.key);
  const conditions = key.map(([name], index) => `${placeholder(name)} = :v${index}`);
  const projection = outer(pathsOf(input)).map((path) => projected(path, placeholder));
  return {
    TableName: table,
    ...(input.index === undefined ? {} : { IndexName: input.index }),
    KeyConditionExpression: conditions.join(" AND "),
    ProjectionExpression: projection.join(", "),
    ExpressionAttributeNames: Object.fromEntries([...names].map(([name, known]) => [known, name])),
    ExpressionAttributeValues: Object.fromEntries(key.map(([, value], index) => [`:v${index}`, attributeValue(value)])),
    ConsistentRead: input.consistent,
    ScanIndexForward: !input.descending,
    Limit: input.max_rows + 1,
    ReturnConsumedCapacity: "TOTAL",
  };
}

function pathsOf({ attributes, key }: Read): string[][] {
  return attributes === undefined ? Object.keys(key).map((name) => [name]) : attributes.map((path) => path.split("."));
}

/** An attribute and one inside it cannot both be asked for: the outer one brings both. */
function outer(paths: readonly string[][]): string[][] {
  const isInside = (path: string[], other: string[]): boolean => other.length < path.length && other.every((step, index) => step === path[index]);
  const unique = [...new Map(paths.map((path) => [path.join("."), path])).values()];
  return unique.filter((path) => !unique.some((other) => isInside(path, other)));
}

/** A number after the first step is a place in a list. */
function projected(path: readonly string[], placeholder: (name: string) => string): string {
  return path.map((step, index) => (index > 0 && /^\d{1,5}$/.test(step) ? `[${step}]` : `${index === 0 ? "" : "."}${placeholder(step)}`)).join("");
}

function shown(item: AttributeValue, path: readonly string[], evidence: Evidence<Output>): DataValue {
  const attribute = attributeAt(item, path);
  const value = attribute === undefined ? null : readAttributeValue(attribute);
  if (typeof value !== "string" || value.length <= MAX_VALUE_CHARACTERS) return value;
  evidence.truncated = true;
  return value.slice(0, MAX_VALUE_CHARACTERS);
}

function capacityOf(consumed: unknown): number | null {
  const units = consumed !== null && typeof consumed === "object" ? (consumed as { CapacityUnits?: unknown }).CapacityUnits : null;
  return typeof units === "number" ? units : null;
}
