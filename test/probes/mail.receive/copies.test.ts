import { afterEach, expect, test } from "vitest";
import type { Output } from "../../../probes/mail.receive/schema.js";
import { runReport } from "../../../runner/harness/run.js";
import { type ImapServerOptions, LAB_ACCOUNT, startImapServer } from "../../../runner/lab/imap-server.js";
import { MailStore } from "../../../runner/lab/store/mail-store.js";

const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const ours = () => Buffer.from("Subject: [p] now 1ab0c4\r\nMessage-ID: <1@example.com>\r\n\r\nx\r\n");
const anothers = () => Buffer.from("Subject: the minutes of our meeting\r\nMessage-ID: <2@example.com>\r\n\r\nx\r\n");

async function receive(store: MailStore, options: ImapServerOptions, input: object): Promise<Output> {
  const server = await startImapServer({ store, ...options });
  open.push(server);
  const common = { host: server.host, port: server.port, tls_mode: "none", auth: { allow_plaintext: true }, token: "1ab0c4", wait_ms: 0, ...LAB_ACCOUNT };
  const { envelope } = await runReport("mail.receive", { ...common, ...input });
  return envelope.output as Output;
}

/** What the server does at the first IDLE. */
function atFirstIdle(happens: () => void, closeAfterMs?: number): ImapServerOptions {
  return {
    behave: ({ name, before }) => {
      if (name !== "IDLE" || before > 0) return undefined;
      happens();
      return closeAfterMs === undefined ? undefined : { closeAfterMs };
    },
  };
}

test("matches are deleted per folder: the same UID means another message in another folder", async () => {
  const store = new MailStore();
  store.inbox.add(anothers());
  store.inbox.add(anothers());
  store.inbox.add(ours());
  store.junk.add(ours());
  store.junk.add(anothers());
  store.junk.add(anothers());
  const output = await receive(store, {}, { delete_after_check: true });
  expect(output).toMatchObject({ matched: 2, duplicates: 1 });
  expect([...output.deleted_uids].sort()).toEqual([1, 3]);
  expect(store.inbox.messages.map(({ uid }) => uid)).toEqual([1, 2]);
  expect(store.junk.messages.map(({ uid }) => uid)).toEqual([2, 3]);
});

test("a copy in another folder with the same UID is a copy", async () => {
  const store = new MailStore();
  store.inbox.add(ours());
  const copying = atFirstIdle(() => void setTimeout(() => store.junk.add(ours()), 30));
  const output = await receive(store, copying, { duplicate_wait_ms: 500, poll_interval_ms: 100 });
  expect(output).toMatchObject({ status: "warning", matched: 2, matched_uids: [1, 1], duplicates: 1 });
});

test("a message that is found again over another connection is not a copy", async () => {
  const store = new MailStore();
  store.inbox.add(ours());
  const output = await receive(
    store,
    atFirstIdle(() => undefined, 20),
    { duplicate_wait_ms: 600 },
  );
  expect(output).toMatchObject({ status: "ok", matched: 1, duplicates: 0, reconnects: [{ reason: expect.any(String) }] });
});

test("two messages with one token are copies, even if a relay changed the Message-ID", async () => {
  const store = new MailStore();
  store.inbox.add(ours());
  store.inbox.add(Buffer.from(ours().toString().replace("<1@example.com>", "<rewritten@relay.example>")));
  expect(await receive(store, {}, {})).toMatchObject({ status: "warning", matched: 2, duplicates: 1 });
});
