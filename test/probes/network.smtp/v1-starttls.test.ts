import { describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";

async function probe(transcript: string): Promise<Record<string, unknown>> {
  const server = await playTranscript(transcript);
  try {
    const { output } = await run("network.smtp@1.0.0", { target_host: "127.0.0.1", target_port: String(server.port), send_email_flag: "False" });
    return output as Record<string, unknown>;
  } finally {
    await server.close();
  }
}

const OFFERED = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250-mx.example.org\nS: 250-SIZE 33554432\nS: 250 STARTTLS\nC: STARTTLS\n";
const BEFORE = {
  server_msg: "250-mx.example.org",
  ehlo_op: { status_code: "250", status_msg: "['SIZE 33554432', 'STARTTLS']", SIZE: "32.0 MB" },
};

describe("1.0.0 ends where the original ended, with what came before", () => {
  test.each([
    ["for now", "454 4.7.0 TLS not available", "(454, b'4.7.0 TLS not available')"],
    ["for ever", "502 5.5.1 what's that?", `(502, b"5.5.1 what's that?")`],
    ["with words of another reply", "454 see 250 ok", "(454, b'see 250 ok')"],
  ])("STARTTLS is refused %s", async (_, reply, errcode) => {
    const output = await probe(`${OFFERED}S: ${reply}\nC: QUIT\nS: 221 bye\n`);
    expect(output).toMatchObject({ ...BEFORE, retcode: expect.stringMatching(/^ERROR: on port \d+ can't connect\.$/), errcode });
    expect(Object.keys(output)).toEqual(["target_host", "target_port", "connected_time", "server_msg", "ehlo_op", "retcode", "errcode"]);
  });

  test("the peer closes instead of the handshake", async () => {
    const output = await probe(`${OFFERED}S: 220 go ahead\n@close\n`);
    expect(output).toMatchObject({ ...BEFORE, errcode: "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol" });
    expect(output).not.toHaveProperty("noop_op");
  });

  test("STARTTLS is not offered: nothing is missing", async () => {
    const output = await probe("S: 220 mx ESMTP\nC: EHLO *\nS: 250 mx\nC: NOOP\nS: 250 ok\nC: QUIT\nS: 221 bye\n");
    expect(output).toMatchObject({ noop_op: { status_code: "250" }, quit_op: { status_code: "221" } });
    expect(output).not.toHaveProperty("retcode");
  });
});
