import { decodeError } from "../transport/message-session.js";
import { TdsReader } from "./reader.js";
import { readTypeInfo, TYPE, type TypeInfo } from "./type-info.js";
import { readValue, type TdsValue } from "./value.js";

/** What SQL Server says of something that it refuses. */
export interface SqlServerError {
  readonly number: number;
  /** From 11 on it is an error. */
  readonly severity: number;
  readonly message: string;
}

export interface Column {
  readonly name: string;
  readonly type: TypeInfo;
}

/** The answer to one request. */
export interface TdsAnswer {
  readonly columns: Column[];
  readonly rows: TdsValue[][];
  readonly errors: SqlServerError[];
  isLoggedIn: boolean;
  database: string | null;
  /** The new transaction's number; eight zero bytes once it has ended; null if that did not change. */
  transaction: Buffer | null;
  /** Where the server sends its clients. */
  route: string | null;
}

const TOKEN = {
  colInfo: 0xa5,
  colMetadata: 0x81,
  done: 0xfd,
  doneProc: 0xfe,
  doneInProc: 0xff,
  envChange: 0xe3,
  error: 0xaa,
  featureExtAck: 0xae,
  info: 0xab,
  loginAck: 0xad,
  nbcRow: 0xd2,
  order: 0xa9,
  returnStatus: 0x79,
  returnValue: 0xac,
  row: 0xd1,
  sessionState: 0xe4,
  tabName: 0xa4,
} as const;
const ENV = { database: 1, begin: 8, commit: 9, rollback: 10, routing: 20 } as const;
/** A statement without a result describes so many columns. */
const NO_COLUMNS = 0xffff;
const MAX_COLUMNS = 1024;
const MAX_MESSAGE_CHARACTERS = 2000;
const DONE_BYTES = 12;
const END_OF_FEATURES = 0xff;

function newAnswer(): TdsAnswer {
  return { columns: [], rows: [], errors: [], isLoggedIn: false, database: null, transaction: null, route: null };
}

/** The tokens of a whole message ([MS-TDS] 2.2.7), of whose rows so many are kept. */
export function readTokens(message: Buffer, maxRows: number): TdsAnswer {
  const reader = new TdsReader(message);
  const answer = newAnswer();
  while (reader.left > 0) readToken(reader, answer, maxRows);
  return answer;
}

/** Whether the beginning of a message holds a row. */
export function holdsRow(beginning: Buffer): boolean {
  const reader = new TdsReader(beginning);
  const answer = newAnswer();
  try {
    while (reader.left > 0 && answer.rows.length === 0) readToken(reader, answer, 1);
  } catch {
    // It ends within a token.
  }
  return answer.rows.length > 0;
}

type ReadToken = (reader: TdsReader, answer: TdsAnswer, maxRows: number) => void;

const skipLong: ReadToken = (reader) => void reader.take(reader.uint16());
const skipDone: ReadToken = (reader) => void reader.take(DONE_BYTES);

const READERS: ReadonlyMap<number, ReadToken> = new Map<number, ReadToken>([
  [TOKEN.done, skipDone],
  [TOKEN.doneProc, skipDone],
  [TOKEN.doneInProc, skipDone],
  [TOKEN.returnStatus, (reader) => void reader.take(4)],
  [TOKEN.info, skipLong],
  [TOKEN.order, skipLong],
  [TOKEN.colInfo, skipLong],
  [TOKEN.tabName, skipLong],
  [TOKEN.sessionState, (reader) => void reader.take(reader.uint32())],
  [TOKEN.featureExtAck, skipFeatures],
  [TOKEN.returnValue, skipReturnValue],
  [TOKEN.colMetadata, readColumns],
  [TOKEN.row, (reader, answer, maxRows) => keep(answer, maxRows, readRow(reader, answer.columns))],
  [TOKEN.nbcRow, (reader, answer, maxRows) => keep(answer, maxRows, readNullBitmapRow(reader, answer.columns))],
  [TOKEN.error, (reader, { errors }) => void errors.push(readError(new TdsReader(reader.take(reader.uint16()))))],
  [TOKEN.envChange, (reader, answer) => readChange(new TdsReader(reader.take(reader.uint16())), answer)],
  [TOKEN.loginAck, acceptLogin],
]);

function readToken(reader: TdsReader, answer: TdsAnswer, maxRows: number): void {
  const token = reader.uint8();
  const read = READERS.get(token);
  if (read === undefined) throw decodeError("protocol_violation", `the answer has the unknown token ${token}`);
  read(reader, answer, maxRows);
}

function acceptLogin(reader: TdsReader, answer: TdsAnswer): void {
  answer.isLoggedIn = true;
  reader.take(reader.uint16());
}

function readRow(reader: TdsReader, columns: readonly Column[]): TdsValue[] {
  return columns.map(({ type }) => readValue(reader, type));
}

function keep({ rows }: TdsAnswer, maxRows: number, row: TdsValue[]): void {
  if (rows.length < maxRows) rows.push(row);
}

/** 2.2.7.4. */
function readColumns(reader: TdsReader, answer: TdsAnswer): void {
  const count = reader.uint16();
  if (count === NO_COLUMNS) return;
  if (count > MAX_COLUMNS) throw decodeError("limit_exceeded", `a result of ${count} columns: the limit is ${MAX_COLUMNS}`);
  answer.columns.length = 0;
  answer.rows.length = 0;
  for (let index = 0; index < count; index++) {
    // The user's type, and flags.
    reader.take(6);
    const type = readTypeInfo(reader);
    if (type.type === TYPE.text || type.type === TYPE.ntext || type.type === TYPE.image) for (let parts = reader.uint8(); parts > 0; parts--) reader.text16();
    answer.columns.push({ name: reader.text8(), type });
  }
}

/** A row in which NULL takes no room: a bit for each column says which values are (2.2.7.14). */
function readNullBitmapRow(reader: TdsReader, columns: readonly Column[]): TdsValue[] {
  const nulls = reader.take(Math.ceil(columns.length / 8));
  return columns.map(({ type }, index) => (((nulls[index >> 3] as number) >> (index & 7)) & 1 ? null : readValue(reader, type)));
}

function skipReturnValue(reader: TdsReader): void {
  reader.take(2);
  reader.text8();
  reader.take(7);
  readValue(reader, readTypeInfo(reader));
}

function skipFeatures(reader: TdsReader): void {
  while (reader.uint8() !== END_OF_FEATURES) reader.take(reader.uint32());
}

function readError(reader: TdsReader): SqlServerError {
  const number = reader.int32();
  const [, severity = 0] = reader.take(2);
  return { number, severity, message: reader.text16().slice(0, MAX_MESSAGE_CHARACTERS) };
}

/** 2.2.7.8: the session has another database or transaction, or belongs to another server. */
function readChange(reader: TdsReader, answer: TdsAnswer): void {
  const kind = reader.uint8();
  if (kind === ENV.database) answer.database = reader.text8();
  else if (kind === ENV.begin) answer.transaction = Buffer.from(reader.take(reader.uint8()));
  else if (kind === ENV.commit || kind === ENV.rollback) answer.transaction = Buffer.alloc(8);
  else if (kind === ENV.routing) {
    // A length, and the protocol, which is TCP.
    reader.take(3);
    const port = reader.uint16();
    answer.route = `${reader.text16().slice(0, MAX_MESSAGE_CHARACTERS)}:${port}`;
  }
}
