import { expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import type { RequestError } from "../../../runner/support/request-error.js";
import { knowsThree, startMailboxServer } from "../../support/mailbox-server.js";
import { rcptInput } from "../../support/rcpt-behaviours.js";

test.each(["bad", "a@b@c.example", "Ada <ada@example.org>", "@example.org"])("the sender %j is an invalid request, and nothing is sent", async (mailFrom) => {
  const server = await startMailboxServer({ answer: knowsThree });
  try {
    const refused = run("mail.rcpt@1.0.0", { ...rcptInput(server.port), email: "ada@example.org", mail_from: mailFrom });
    const error = (await refused.catch((reason: unknown) => reason)) as RequestError;
    expect(error.violations.map(({ pointer }) => pointer)).toEqual(["/mail_from"]);
    expect(server.connections).toEqual([]);
  } finally {
    await server.close();
  }
});

test.each(["<>", "bounces@example.net"])("the sender %j is accepted", async (mailFrom) => {
  const server = await startMailboxServer({ answer: knowsThree });
  try {
    const { output } = await run("mail.rcpt@1.0.0", { ...rcptInput(server.port), email: "ada@example.org", mail_from: mailFrom });
    expect(output).toMatchObject({ mail_from: mailFrom, results: [{ verdict: "valid" }] });
  } finally {
    await server.close();
  }
});
