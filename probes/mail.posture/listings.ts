import type { Context } from "../../runner/harness/context.js";
import type { Listing } from "../../runner/posture/examine-domain.js";
import { checkList } from "../mail.blocklist/check-list.js";
import { partsOf } from "../mail.blocklist/plan.js";
import { type Input, USUAL_TIMEOUT_MS } from "./schema.js";

/** Asks the block lists for the sending addresses, as mail.blocklist does; null where the input names no list. */
export function listingsBy(input: Input, ctx: Context<"resolver">): ((addresses: readonly string[]) => Promise<Listing[]>) | null {
  const { address_lists: lists, timeout_ms = USUAL_TIMEOUT_MS } = input;
  if (lists?.length === 0) return null;
  return async (addresses) => {
    const parts = partsOf({ ...input, timeout_ms, addresses: [...addresses], severity: "error", ...(lists === undefined ? {} : { address_lists: lists }) });
    await Promise.all(parts.map((part) => checkList(ctx, input, part)));
    return parts.flatMap(({ answers }) => answers.map(({ target, list, result, message }) => ({ ip_address: target, list, result, message })));
  };
}
