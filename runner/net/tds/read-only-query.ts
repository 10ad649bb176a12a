import { FailureError, failureError } from "../../run/failure-error.js";
import { declaredType, type Parameter } from "./request.js";
import type { Result, TdsSession } from "./session.js";

export interface Query {
  readonly sql: string;
  readonly parameters: readonly Parameter["value"][];
  readonly maxRows: number;
  readonly timeoutMs: number;
}

/**
 * One query that cannot write. SQL Server has no read-only transaction, and a text may hold several statements. So the server must first accept
 * the text twice: as it is, and as the query within EXISTS, where no other statement and no INTO can stand. A text that closes the bracket
 * itself is no statement on its own. sp_describe_first_result_set compiles it, and executes nothing. Then it runs in a transaction that is rolled back.
 */
export async function readOnlyQuery(
  session: TdsSession,
  { sql, parameters: values, maxRows, timeoutMs }: Query,
): Promise<Result & { readonly isCut: boolean }> {
  const parameters = values.map((value, index): Parameter => ({ name: `p${index + 1}`, value }));
  const declarations = parameters.map(({ name, value }) => `@${name} ${declaredType(value)}`).join(", ");
  await describe(session, sql, declarations);
  try {
    // The line breaks end a comment of the text's own.
    await describe(session, `SELECT CASE WHEN EXISTS (\n${sql}\n) THEN 1 ELSE 0 END`, declarations);
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === "reply_rejected") throw notAQuery(error.failure.message);
    throw error;
  }
  await session.batch("BEGIN TRANSACTION", "query", `SET XACT_ABORT ON; SET ROWCOUNT ${maxRows + 1}; SET LOCK_TIMEOUT ${timeoutMs}; BEGIN TRANSACTION`);
  const answer = await session.query("query", "query", sql, parameters, maxRows + 1);
  await session.batch("ROLLBACK", "query", "ROLLBACK");
  return { ...answer, rows: answer.rows.slice(0, maxRows), isCut: answer.rows.length > maxRows };
}

async function describe(session: TdsSession, sql: string, declarations: string): Promise<void> {
  const parameters = [
    { name: "sql", value: sql },
    { name: "declarations", value: declarations },
  ];
  const { rows } = await session.query("describe", "query", "EXEC sys.sp_describe_first_result_set @tsql = @sql, @params = @declarations", parameters, 1);
  if (rows.length === 0) throw notAQuery("it gives no rows");
}

function notAQuery(why: string): FailureError {
  return failureError("query", "not_permitted", `the statement is not one SELECT that could stand in EXISTS: ${why}`);
}
