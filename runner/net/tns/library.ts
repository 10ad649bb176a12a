import { MissingProgramError } from "../../program/missing-program.js";

/** What is used of oracledb, which has no types of its own. */
export interface OracleLibrary {
  readonly OUT_FORMAT_ARRAY: number;
  readonly STRING: number;
  readonly BUFFER: number;
  readonly STMT_TYPE_SELECT: number;
  readonly DB_TYPE_NUMBER: unknown;
  readonly DB_TYPE_BINARY_FLOAT: unknown;
  readonly DB_TYPE_BINARY_DOUBLE: unknown;
  getConnection(settings: object): Promise<OracleConnection>;
}

export interface OracleConnection {
  readonly oracleServerVersionString: string;
  execute(sql: string, binds: readonly unknown[], options: object): Promise<OracleResult>;
  getStatementInfo(sql: string): Promise<{ readonly statementType: number }>;
  ping(): Promise<void>;
  close(): Promise<void>;
  /** Ends what runs now. */
  break(): Promise<void>;
}

export interface OracleColumn {
  readonly name: string;
  readonly dbTypeName?: string;
}

export interface OracleResult {
  readonly rows?: readonly (readonly unknown[])[];
  readonly metaData?: readonly OracleColumn[];
}

/** Oracle's own client in JavaScript. An optional peer: only a run that logs in loads it. */
export async function loadOracle(): Promise<OracleLibrary> {
  try {
    // @ts-expect-error It has no types.
    const loaded = (await import("oracledb")) as { default: OracleLibrary };
    return loaded.default;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" && code !== "MODULE_NOT_FOUND") throw error;
    throw new MissingProgramError("the package oracledb", "is not installed: npm install oracledb", null);
  }
}
