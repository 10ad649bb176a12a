import type { Driver } from "./driver.js";

/** Runs `work` in a transaction; other processes wait in the meantime. */
export function inTransaction<Result>(driver: Driver, work: () => Result): Result {
  driver.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    driver.exec("COMMIT");
    return result;
  } catch (error) {
    driver.exec("ROLLBACK");
    throw error;
  }
}
