import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { outputOf } from "../../../schemas/carried.js";
import { contract, type FilledOf } from "../../../schemas/contract.js";
import { imapAccount, imapFolder, imapSecurity } from "../../../schemas/imap-account.js";
import { networkInput, networkOutput } from "../../../schemas/network.js";
import { certificateViolations } from "../../harness/check-certificates.js";
import type { Context } from "../../harness/context.js";
import { defineProbe, type Evidence } from "../../harness/define-probe.js";
import { prepare } from "../../harness/registry.js";
import { runLoaded } from "../../harness/run.js";
import { parseAsked } from "../../harness/version.js";
import { DOMAIN_REPORT_LIMITS } from "../../mail/domain-report/limits.js";
import { logout } from "../../net/imap/commands.js";
import { type FetchedMessage, fetchMessages } from "../../net/imap/fetch.js";
import { examine } from "../../net/imap/mailbox.js";
import { openAccount } from "../../net/imap/open-account.js";
import { search } from "../../net/imap/search.js";
import type { ImapSession } from "../../net/imap/session.js";
import { statusOf } from "../../run/judge.js";
import type { Io } from "../io.js";
import { UsageError } from "../usage-error.js";
import type { Found, IsKnown } from "./found.js";

/** Most reports have a few kilobytes: so many of this size come in one reply. */
const SMALL_BYTES = 64 * 1024;
/** A mailbox of a year's reports takes minutes. */
const MAX_RUN_MS = 4 * 3_600_000;

const input = contract({
  title: "mailbox of reports",
  type: "object",
  properties: {
    ...imapAccount,
    folder: { ...imapFolder, default: "INBOX", description: "The folder that reports are in." },
    ...imapSecurity,
    ...networkInput,
  },
  required: ["host", "username"],
  additionalProperties: false,
});
const output = contract({ title: "mailbox of reports, read", ...outputOf({ ...networkOutput }) });
type Input = FilledOf<typeof input>;
type Output = FilledOf<typeof output>;
type Ctx = Context<"tcp" | "tls" | "clock">;

interface Reader {
  readonly io: Io;
  readonly isKnown: IsKnown;
  readonly signal: AbortSignal;
  take(found: Found): Promise<void>;
}

/** Reads the messages of an IMAP folder, without changing anything in it. It is a run of its own: secrets, deadline and failures are those of a probe. */
export async function readMailbox(file: string, reader: Reader): Promise<void> {
  const probe = defineProbe({
    name: "reports.mailbox",
    summary: "Reads the messages of an IMAP folder.",
    needs: ["tcp", "tls", "clock"],
    version: "1.0.0",
    input,
    output,
    checkInput: ({ tls_options: tls }) => certificateViolations("/tls_options/ca", tls.ca),
    run: (given, ctx) => readAll(given, ctx, reader),
  });
  const options = { signal: reader.signal, timeoutMs: MAX_RUN_MS };
  const { carried } = await runLoaded(await prepare(probe), parseAsked(probe.name), await mailboxIn(resolve(reader.io.cwd, file)), options);
  if (carried.failure !== null && !reader.signal.aborted) await reader.take({ name: `the mailbox in ${file}`, problem: carried.failure.message });
}

async function mailboxIn(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw new UsageError(
      `${path} is not a JSON file: ${(error as Error).message}`,
      '{ "host": "imap.example.org", "username": "…", "password_secret": "env:PASSWORD" }',
    );
  }
}

async function readAll(given: Input, ctx: Ctx, reader: Reader): Promise<Evidence<Output>> {
  const facts = { attempts: [] as Output["attempts"], tls: null, auth: null, capabilities: null };
  const failure = await ctx.attempt(async () => {
    const session = await openAccount(ctx, given, facts);
    try {
      await readFolder(session, given, reader);
      await logout(session);
    } finally {
      session.close();
    }
  });
  return { status: statusOf(failure, []), failure, attempts: facts.attempts };
}

async function readFolder(session: ImapSession, { host, folder }: Input, reader: Reader): Promise<void> {
  const { uidValidity } = await examine(session, folder);
  const keyOf = (uid: number): string => `imap:${JSON.stringify([host, folder, uidValidity, uid])}`;
  const all = await search(session, [{ is: "UNDELETED" }]);
  const sized = await fetchMessages(
    session,
    all.filter((uid) => !reader.isKnown(keyOf(uid))),
  );
  const name = (uid: number): string => `${folder}, message ${uid}`;
  const isSmall = ({ sizeBytes }: FetchedMessage): boolean => sizeBytes !== null && sizeBytes <= SMALL_BYTES;
  const small = sized.filter(isSmall).map(({ uid }) => uid);
  for (let at = 0; at < small.length && !reader.signal.aborted; at += 100) {
    const messages = await fetchMessages(session, small.slice(at, at + 100), { messageBytes: SMALL_BYTES });
    for (const { uid, message } of messages) await reader.take(foundOf(name(uid), keyOf(uid), message));
  }
  for (const { uid, sizeBytes } of sized.filter((message) => !isSmall(message))) {
    if (reader.signal.aborted) return;
    if (sizeBytes !== null && sizeBytes > DOMAIN_REPORT_LIMITS.bytes)
      await reader.take({ name: name(uid), problem: `it has ${sizeBytes} bytes, and at most ${DOMAIN_REPORT_LIMITS.bytes} are read` });
    else {
      const [fetched] = await fetchMessages(session, [uid], { messageBytes: sizeBytes ?? SMALL_BYTES });
      await reader.take(foundOf(name(uid), keyOf(uid), fetched?.message ?? null));
    }
  }
}

function foundOf(name: string, key: string, bytes: Buffer | null): Found {
  return bytes === null ? { name, problem: "the server did not send it" } : { name, key, bytes };
}
