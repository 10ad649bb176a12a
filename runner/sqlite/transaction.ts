import type { Driver } from "./driver.js";

/** Runs `work` in a transaction; other processes wait in the meantime. */
export function inTransaction<Result>(driver: Driver, work: () => Result): Result {
  driver.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    driver.exec("COMMIT");
    return result;
  } catch (error) {
    rollBack(driver);
    throw error;
  }
}

/** A full disk and damage have ended the transaction already; what is thrown must be their error, and not that of this. */
function rollBack(driver: Driver): void {
  try {
    driver.exec("ROLLBACK");
  } catch {
    // There is none.
  }
}
