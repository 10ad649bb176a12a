import { CLAIM } from "./claim.js";
import { COUNTS } from "./counts.js";
import { EXTEND } from "./extend.js";
import { KEEP } from "./keep.js";
import { PURGE } from "./purge.js";
import { PUSH } from "./push.js";
import { SETTLE } from "./settle.js";
import { SHARED } from "./shared.js";

/** What BullMQ's own scripts do not do: many messages at a time, limits by key, the server's clock, a result with the end of its job. */
export const SCRIPTS = {
  push: { keys: 1, lua: SHARED + PUSH },
  claim: { keys: 1, lua: SHARED + CLAIM },
  extend: { keys: 1, lua: SHARED + EXTEND },
  settle: { keys: 2, lua: SHARED + SETTLE },
  keep: { keys: 1, lua: SHARED + KEEP },
  counts: { keys: 1, lua: SHARED + COUNTS },
  /** Puts back a marker that nobody waited for any more. */
  wake: { keys: 1, lua: `${SHARED}wake(base) return { 1 }` },
  purge: { keys: 1, lua: SHARED + PURGE },
} as const;

export type ScriptName = keyof typeof SCRIPTS;
