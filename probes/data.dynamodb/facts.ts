import type { Output } from "./schema.js";

type Document = Readonly<Record<string, unknown>>;
type Table = NonNullable<Output["table"]>;

const MAX_PARTS = 50;
/** The service's clock is known to the second: a smaller difference is none. */
const RESOLUTION_MS = 1000;

export function clockFacts(serverTime: number | null, now: number): Pick<Output, "server_time" | "clock_offset_ms"> {
  if (serverTime === null) return { server_time: null, clock_offset_ms: null };
  // The date is the beginning of its second.
  const early = Math.min(0, serverTime + RESOLUTION_MS - now);
  const late = Math.max(0, serverTime - now);
  return { server_time: new Date(serverTime).toISOString(), clock_offset_ms: Math.round(early === 0 ? late : early) };
}

/** The answer to DescribeTable. */
export function tableFacts(answer: Document): Table {
  const table = record(answer.Table);
  return {
    name: text(table.TableName) ?? "",
    status: text(table.TableStatus) ?? "",
    item_count: whole(table.ItemCount),
    size_bytes: whole(table.TableSizeBytes),
    billing_mode: text(record(table.BillingModeSummary).BillingMode) ?? (table.ProvisionedThroughput === undefined ? null : "PROVISIONED"),
    indexes: parts(table.GlobalSecondaryIndexes, "IndexName", "IndexStatus"),
    replicas: parts(table.Replicas, "RegionName", "ReplicaStatus"),
  };
}

function parts(value: unknown, name: string, status: string): { name: string; status: string }[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, MAX_PARTS).map((each) => ({ name: text(record(each)[name]) ?? "", status: text(record(each)[status]) ?? "" }));
}

function record(value: unknown): Document {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Document) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function whole(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}
