import { RequestError } from "../support/request-error.js";
import type { SharedLog } from "./shared-log.js";

/** The log beside a queue on Redis. */
export async function openLog(url: string, name: string): Promise<SharedLog> {
  if (!/^rediss?:/.test(url)) {
    const violation = { pointer: "", message: "watches that share a suite need a queue on Redis", hint: "give --queue redis://HOST" };
    throw new RequestError("the queue cannot be used", "usage", [violation]);
  }
  const { openSharedLog } = await import("./redis/shared-log.js");
  return openSharedLog(url, name);
}
