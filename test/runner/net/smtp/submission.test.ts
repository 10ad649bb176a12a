import { expect, test } from "vitest";
import { type SmtpServerOptions, startSmtpServer } from "../../../../runner/lab/smtp-server.js";
import { playTranscript } from "../../../../runner/lab/transcript-server.js";
import { nothingLearned, openSubmission, type SubmissionFacts, type SubmissionOptions } from "../../../../runner/net/smtp/submission.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import type { Failure } from "../../../../schemas/failure.js";
import { allCertificates, certificate, testAuthority } from "../../../support/certificates.js";
import { testRun } from "../../../support/smtp-context.js";

const ACCOUNT = { username: "tim", password: "tanstaaf" };
const LOGIN = { ...ACCOUNT, mechanism: "auto", allow_plaintext: false } as const;
const TIMEOUTS = { address_family: "any", connect_timeout_ms: 2000, command_timeout_ms: 2000 } as const;

type Asked = Pick<SubmissionOptions, "auth"> & { tls?: Partial<SubmissionOptions["tls"]> };

async function open({ host, port }: { host: string; port: number }, { tls, ...asked }: Asked): Promise<{ failure: Failure | null; facts: SubmissionFacts }> {
  const run = testRun();
  const facts = nothingLearned();
  const settings = { mode: "none", verify: "require", min_version: "TLSv1.2", ca: testAuthority(), ...tls } as const;
  try {
    const session = await openSubmission(run.context, { host, port, helo_domain: "probe.example.org", ...TIMEOUTS, ...asked, tls: settings }, facts);
    session.close();
    return { failure: null, facts };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { failure: error.failure, facts };
  } finally {
    run.state.deadline.release();
  }
}

async function atServer(server: SmtpServerOptions, asked: Asked): ReturnType<typeof open> {
  const running = await startSmtpServer({ certificate: certificate("localhost"), ...server });
  try {
    return await open(running, asked);
  } finally {
    await running.close();
  }
}

async function atTranscript(transcript: string, asked: Asked): ReturnType<typeof open> {
  const server = await playTranscript(transcript, { certificates: allCertificates() });
  const result = await open(server, asked);
  await server.close();
  expect(server.mismatches.map(({ message }) => message)).toEqual([]);
  return result;
}

test.each(["starttls", "implicit"] as const)("%s, and a login inside it", async (mode) => {
  const { failure, facts } = await atServer({ tls: mode, auth: ACCOUNT }, { tls: { mode }, auth: LOGIN });
  expect(failure).toBeNull();
  expect(facts).toMatchObject({ helo_domain: "probe.example.org", auth: { mechanism: "SCRAM-SHA-256", accepted: true }, tls: { authorised: true } });
  expect(facts.capabilities?.map(({ keyword }) => keyword)).toContain("AUTH");
  expect(facts.capabilities_before_tls === null).toBe(mode === "implicit");
  expect(facts.dialled.map(({ outcome }) => outcome)).toEqual(["connected"]);
});

test("in the clear, without a login", async () => {
  expect(await atServer({}, {})).toMatchObject({ failure: null, facts: { tls: null, auth: null } });
});

test("an untrusted server gets no password", async () => {
  const server = { tls: "starttls", auth: ACCOUNT, certificate: certificate("wrong-name") } as const;
  const { failure, facts } = await atServer(server, { tls: { mode: "starttls" }, auth: LOGIN });
  expect(failure).toMatchObject({ phase: "tls", code: "tls_certificate" });
  expect(facts).toMatchObject({ auth: null, tls: { problems: ["name_mismatch"] } });
  expect((await atServer(server, { tls: { mode: "starttls", verify: "report" }, auth: LOGIN })).failure).toBeNull();
});

test("nothing continues in plain text that had to be secured", async () => {
  const notOffered = await atTranscript("S: 220 mx\nC: EHLO *\nS: 250 mx\nC: QUIT\nS: 221 bye", { tls: { mode: "starttls" } });
  expect(notOffered.failure).toMatchObject({ phase: "starttls", code: "unsupported" });
  const refused = await atTranscript("S: 220 mx\nC: EHLO *\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\nS: 454 4.7.0 later\nC: QUIT\nS: 221 bye", {
    tls: { mode: "starttls" },
  });
  expect(refused.failure).toMatchObject({ phase: "starttls", code: "reply_rejected", reply_code: 454, retryable: true });
  expect(refused.facts.capabilities?.map(({ keyword }) => keyword)).toEqual(["STARTTLS"]);
});

test("a refusal keeps the results before it", async () => {
  const { failure, facts } = await atServer({ tls: "starttls", auth: ACCOUNT }, { tls: { mode: "starttls" }, auth: { ...LOGIN, password: "wrong" } });
  expect(failure).toMatchObject({ phase: "auth", reply_code: 535 });
  expect(facts.auth).toEqual({ mechanism: "SCRAM-SHA-256", accepted: false });
  const busy = await atTranscript("S: 421 4.3.2 busy\n@close", {});
  expect(busy.failure).toMatchObject({ phase: "greeting", reply_code: 421, retryable: true });
  expect(busy.facts.banner).toBe("4.3.2 busy");
});
