import type { Driver } from "./driver.js";

/** All of it is stored for good, or nothing; other processes wait meanwhile. */
export function inOneStep<Result>(driver: Driver, work: () => Result): Result {
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
