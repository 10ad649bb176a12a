import { afterEach, expect, test, vi } from "vitest";
import { run } from "../../../runner/index.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { Deadline } from "../../../runner/run/deadline.js";

afterEach(() => vi.restoreAllMocks());

const GREETS = "S: 220 mx.example.org ESMTP\nC: EHLO *\nS: 250 mx.example.org\nC: NOOP\nS: 250 2.0.0 OK\nC: QUIT\nS: 221 bye\n";

// An AbortController costs more than a pipelined command, and only a handshake that fails asks whether the run was ended meanwhile.
test("a run without a failed handshake makes no AbortSignal", async () => {
  const asked = vi.spyOn(Deadline.prototype, "signal", "get");
  const server = await playTranscript(GREETS);
  const { output } = await run("network.smtp@2", { target_host: server.host, target_port: server.port });
  await server.close();
  expect(output.status).toBe("ok");
  expect(asked).not.toHaveBeenCalled();
});
