import { decodeError } from "../transport/message-session.js";
import { FrameReader } from "./frame.js";

/** A row by the names of its columns. */
export type CassandraRow = ReadonlyMap<string, Buffer | null>;

const ROWS = 2;
const FLAG = { globalTable: 1, morePages: 2, noMetadata: 4 } as const;
const MAX_COLUMNS = 64;
const MAX_ROWS = 1000;
const CUSTOM_TYPE = 0;
/** Types with others in them, as lists: none of our questions has one. */
const FIRST_COMPOUND_TYPE = 0x20;

/** RESULT of the kind Rows (section 4.2.5.2). */
export function readRows(body: Buffer): CassandraRow[] {
  const reader = new FrameReader(body);
  const kind = reader.int32();
  if (kind !== ROWS) throw decodeError("protocol_violation", `a result of the kind ${kind}, where rows are due`);
  const names = readColumns(reader);
  const count = reader.int32();
  if (count < 0 || count > MAX_ROWS) throw decodeError("limit_exceeded", `${count} rows: the limit is ${MAX_ROWS}`);
  return Array.from({ length: count }, () => new Map(names.map((name) => [name, reader.value()])));
}

function readColumns(reader: FrameReader): string[] {
  const flags = reader.int32();
  const count = reader.int32();
  if (count < 1 || count > MAX_COLUMNS || (flags & FLAG.noMetadata) !== 0) throw decodeError("protocol_violation", `a result of ${count} columns`);
  if ((flags & FLAG.morePages) !== 0) reader.value();
  const isGlobal = (flags & FLAG.globalTable) !== 0;
  if (isGlobal) skipTable(reader);
  return Array.from({ length: count }, () => {
    if (!isGlobal) skipTable(reader);
    const name = reader.text();
    const type = reader.uint16();
    if (type === CUSTOM_TYPE) reader.text();
    if (type >= FIRST_COMPOUND_TYPE) throw decodeError("protocol_violation", `a column of the type ${type}, which was not asked for`);
    return name;
  });
}

function skipTable(reader: FrameReader): void {
  reader.text();
  reader.text();
}
