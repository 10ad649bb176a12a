import { afterEach, expect, test } from "vitest";
import { runReport } from "../../../runner/harness/run.js";
import { startImapServer } from "../../../runner/lab/imap-server.js";
import { recordTranscripts } from "../../../runner/lab/record.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import type { TraceEvent } from "../../../runner/run/recorder.js";
import { allCertificates } from "../../support/certificates.js";
import { normalise } from "../../support/normalise.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

test.each(["PLAIN", "LOGIN"])("a run with a login by %s is recorded without its password, and can be played again", async (mechanism) => {
  // Beyond ASCII: the password of LOGIN goes as a literal.
  const account = { username: "lab", password: "grün-pferd" };
  const server = await startImapServer({ tls: "starttls", auth: account });
  open.push(server);
  const input = { target_host: "127.0.0.1", tls: { mode: "starttls", verify: "ignore" }, auth: { ...account, mechanism } };
  const trace: TraceEvent[] = [];
  const { carried: heard } = await runReport("network.imap", { ...input, target_port: server.port }, { trace: (event) => trace.push(event) });
  expect(heard).toMatchObject({ status: "ok", auth: { accepted: true } });
  const [transcript = ""] = recordTranscripts(trace, "A lab server.");
  expect(transcript).not.toMatch(/gr.{1,8}n-pferd/);

  const player = await playTranscript(transcript, { certificates: allCertificates() });
  open.push(player);
  const { carried: again } = await runReport("network.imap", { ...input, target_port: player.port });
  await player.close();
  expect(player.mismatches.map(({ message }) => message)).toEqual([]);
  const steps = (output: unknown, port: number) => (normalise(output, port) as typeof heard).operations;
  expect(steps(again, player.port)).toEqual(steps(heard, server.port));
});
