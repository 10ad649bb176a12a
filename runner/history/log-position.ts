import type { Driver } from "../sqlite/driver.js";
import { prepared } from "./prepared.js";

const GET = "SELECT position FROM log_positions WHERE suite = ?";
const SET = "INSERT INTO log_positions (suite, position) VALUES (?, ?) ON CONFLICT (suite) DO UPDATE SET position = excluded.position";

/** How far the log that watches of a suite share was read into this history; null: not at all. */
export function logPosition(driver: Driver, suite: string): string | null {
  return (prepared(driver, GET).all(suite) as { position: string }[])[0]?.position ?? null;
}

export function setLogPosition(driver: Driver, suite: string, position: string): void {
  prepared(driver, SET).run(suite, position);
}
