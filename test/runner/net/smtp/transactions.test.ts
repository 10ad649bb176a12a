import { afterEach, describe, expect, test } from "vitest";
import { startSmtpServer } from "../../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { type Mailbox, parseMailbox } from "../../../../runner/net/smtp/mailbox.js";
import type { Transaction } from "../../../../runner/net/smtp/transaction.js";
import { transactions } from "../../../../runner/net/smtp/transactions.js";
import { greetedSession, testRun } from "../../../support/smtp-context.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const SENDER = parseMailbox("a@example.org") as Mailbox;
const RECIPIENT = parseMailbox("b@example.org") as Mailbox;

/** Sends so many small messages; what became of each, and how many were never begun. */
async function sendMany(server: { host: string; port: number }, count: number): Promise<{ results: Transaction[]; left: number }> {
  const run = testRun(20_000);
  const session = await greetedSession(run, server);
  const results: Transaction[] = [];
  let left = count;
  const next = () => (left > 0 ? { sender: SENDER, recipients: [RECIPIENT], message: Buffer.from(`Subject: ${count - --left}\r\n\r\n.x\r\n`) } : null);
  await transactions(session, next, (_, result) => void results.push(result));
  session.close();
  run.state.deadline.release();
  return { results, left };
}

const GREETING = "S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 PIPELINING\n";
const ENVELOPE = "C: MAIL *\nC: RCPT *\nC: DATA\n";
const YES = "S: 250 ok\nS: 250 ok\nS: 354 go\n";

async function play(transcript: string, count: number) {
  const server = await playTranscript(transcript);
  open.push(server);
  const played = await sendMany(server, count);
  expect(server.mismatches).toEqual([]);
  return { ...played, deliveries: played.results.map(({ delivery, message }) => `${delivery} ${message?.code ?? null}`) };
}

test.each([true, false])("many messages arrive in order, each once (PIPELINING: %s)", async (offered) => {
  const subjects: string[] = [];
  const server = await startSmtpServer({
    features: offered ? ["PIPELINING"] : [],
    onMessage: ({ raw }) => {
      subjects.push(raw.toString().split("\r\n")[0] as string);
      return undefined;
    },
  });
  open.push(server);
  const { results } = await sendMany(server, 300);
  expect(results.filter(({ delivery }) => delivery === "accepted")).toHaveLength(300);
  expect(subjects).toEqual(Array.from({ length: 300 }, (_, index) => `Subject: ${index + 1}`));
});

describe("the next commands go out behind the dot", () => {
  test("before it is answered", async () => {
    const { deliveries } = await play(`${GREETING}${ENVELOPE}${YES}@message\n${ENVELOPE}S: 250 taken\n${YES}@message\nS: 250 taken too`, 2);
    expect(deliveries).toEqual(["accepted 250", "accepted 250"]);
  });

  test("a message that is refused does not hold up the next", async () => {
    const { deliveries } = await play(`${GREETING}${ENVELOPE}${YES}@message\n${ENVELOPE}S: 554 spam\n${YES}@message\nS: 250 taken`, 2);
    expect(deliveries).toEqual(["refused 554", "accepted 250"]);
  });

  test("a refused recipient is left, and the next begins after it", async () => {
    const refused = `${ENVELOPE}S: 250 ok\nS: 550 no\nS: 503 no recipients\nC: RSET\nS: 250 ok\n`;
    const { deliveries } = await play(`${GREETING}${refused}${ENVELOPE}${YES}@message\nS: 250 taken`, 2);
    expect(deliveries).toEqual(["refused null", "accepted 250"]);
  });

  test("a connection that is lost there leaves one unknown, one not sent, and the rest not begun", async () => {
    const { deliveries, left } = await play(`${GREETING}${ENVELOPE}${YES}@message\n${ENVELOPE}@close`, 4);
    expect(deliveries).toEqual(["unknown null", "not_sent null"]);
    expect(left).toBe(2);
  });

  test("a server that is called away has refused the one, and not seen the next", async () => {
    const { deliveries, left } = await play(`${GREETING}${ENVELOPE}${YES}@message\n${ENVELOPE}S: 421 going\n@close`, 4);
    expect(deliveries).toEqual(["refused 421", "not_sent null"]);
    expect(left).toBe(2);
  });
});
