import type { Driver, Statement } from "../sqlite/driver.js";

const kept = new WeakMap<Driver, Map<string, Statement>>();

/** A statement that is prepared once for each file: libsql never frees the memory of one. */
export function prepared(driver: Driver, sql: string): Statement {
  const own = kept.get(driver) ?? new Map<string, Statement>();
  kept.set(driver, own);
  const statement = own.get(sql) ?? driver.prepare(sql);
  own.set(sql, statement);
  return statement;
}
