import { describe, expect, test } from "vitest";
import type { Delivery } from "../../../runner/lab/transcript-player.js";
import { REPLY_TABLE } from "../../../runner/replies/reply-table.js";
import { playRcpt } from "../../support/rcpt-behaviours.js";

const DELIVERIES: readonly Delivery[] = ["whole", "lines", "bytes"];
const plays = REPLY_TABLE.flatMap((row) => DELIVERIES.map((delivery) => ({ id: row.id, delivery, row })));

function transcriptOf(example: string): string {
  const refused = [...example.split("\n").map((line) => `S: ${line}`)];
  const start = ["S: 220 mx.example.org ESMTP", "C: EHLO probe.example.net", "S: 250 mx.example.org", "C: MAIL FROM:*", "S: 250 OK", "C: RCPT TO:*"];
  const end = example.startsWith("421") ? ["@close"] : ["C: RSET", "S: 250 OK", "C: QUIT", "S: 221 bye"];
  return [...start, ...refused, ...end].join("\n");
}

// Every row of the table, as a server says it.
describe("a reply to RCPT that is", () => {
  test.concurrent.each(plays)("$id, delivered in $delivery", async ({ row: { id, example, reason }, delivery }) => {
    // A reply about another address than the one that was asked says nothing of it.
    const email = /someone@[\w.]+\w/.exec(reason === "mailbox_moved" ? "" : example)?.[0] ?? "someone@example.org";
    const { output, mismatches } = await playRcpt([transcriptOf(example)], { email }, delivery);
    const [result] = output.results;
    expect(mismatches).toEqual([]);
    expect(result).toMatchObject({ matched: id, reason, decided_at: "rcpt", code: Number(example.slice(0, 3)) });
    expect(result?.category).toBe(example.startsWith("4") ? "temp_fail" : "hard_fail");
    // Only a permanent refusal of the mailbox or its domain makes it invalid.
    const isInvalid = example.startsWith("5") && ["mailbox_unknown", "mailbox_disabled", "domain_takes_no_mail"].includes(reason);
    expect(result?.verdict === "invalid").toBe(isInvalid);
  });
});
