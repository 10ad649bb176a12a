import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { labOf } from "../../../runner/harness/registry.js";
import { playTranscript } from "../../../runner/lab/transcript-server.js";
import { RawClient } from "../../support/raw-client.js";
import { probeRun } from "./command-line.js";

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "probe-run-replay-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

describe("what --record writes can be replayed", () => {
  test.each([
    ["network.smtp", 0, {}],
    ["network.lmtp", 0, {}],
    ["network.pop3", 0, {}],
    ["network.imap", 0, {}],
    ["network.sieve", 0, {}],
    ["network.nntp", 0, {}],
    ["network.nntp", 1, {}],
    // The control connection.
    ["network.ftp", 0, { list: undefined }],
    ["network.ftp", 1, { list: undefined, download: undefined, expect: undefined }],
    ["mail.relay", 0, {}],
    ["mail.receive", 0, { auth: { mechanism: "PLAIN" } }],
    // SCRAM signs a new nonce in each run.
    ["mail.send", 0, { auth: { mechanism: "PLAIN" } }],
  ])("%s, server %d of its lab", async (probe, number, changes) => {
    const lab = await (await labOf(probe))?.start(() => 0);
    const input: Record<string, unknown> = { ...lab?.servers[number]?.input, ...changes };
    writeFileSync(join(cwd, "input.json"), JSON.stringify(input));
    const first = JSON.parse((await probeRun([probe, "input.json", "--record", "case.transcript"], { cwd })).out).output;
    await lab?.close();
    expect(statSync(join(cwd, "case.transcript")).mode & 0o777).toBe(0o600);
    const server = await playTranscript(join(cwd, "case.transcript"));
    const port = "target_port" in input ? "target_port" : "port";
    writeFileSync(join(cwd, "input.json"), JSON.stringify({ ...input, [port]: server.port }));
    const second = JSON.parse((await probeRun([probe, "input.json"], { cwd })).out).output;
    await server.close();
    expect(server.mismatches, readFileSync(join(cwd, "case.transcript"), "utf8")).toEqual([]);
    expect(second.status).toBe(first.status);
    expect(second.operations.map(({ name, code }: { name: string; code: unknown }) => [name, code])).toEqual(
      first.operations.map(({ name, code }: { name: string; code: unknown }) => [name, code]),
    );
    expect(readFileSync(join(cwd, "case.transcript"), "utf8")).not.toContain("lab-password");
  });

  test("an earlier recording is replaced, and no other file", async () => {
    const lab = ["network.smtp", "--lab", "--record", "case.transcript"];
    for (let run = 0; run < 2; run++) expect((await probeRun(lab, { cwd })).code).toBe(0);
    writeFileSync(join(cwd, "case.transcript"), "mine");
    expect(await probeRun(lab, { cwd })).toMatchObject({ code: 2, out: "", err: expect.stringContaining("is no recording") });
    expect(readFileSync(join(cwd, "case.transcript"), "utf8")).toBe("mine");
  });

  test.each([
    ["data.redis", {}, "it can for mail.r"],
    ["network.tcp", {}, "network.smtp"],
    ["webapp.http", {}, "network.nntp"],
    ["network.ftp", {}, "a list and a download come over a connection of their own"],
  ])("%s is refused before anything is sent", async (probe, changes, reason) => {
    const peer = await playTranscript("S: 220 x");
    const url = `http://127.0.0.1:${peer.port}/`;
    const target = probe === "webapp.http" ? { url } : { target_host: "127.0.0.1", target_port: peer.port };
    const login = probe === "network.ftp" ? { auth: { username: "anonymous" }, list: {} } : {};
    writeFileSync(join(cwd, "input.json"), JSON.stringify({ ...target, ...login, ...changes }));
    const { code, out, err } = await probeRun([probe, "input.json", "--record", "no.transcript"], { cwd });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(probe);
    expect(err).toContain(reason);
    expect(readdirSync(cwd)).toEqual(["input.json"]);
    expect(peer.connections).toBe(0);
    await peer.close();
  });

  test.each([
    // A line of the list that begins with a dot; lines inside a reply that would end it, or that have its code themselves.
    ["network.nntp", "S: 200 ready\nC: CAPABILITIES\nS: 101 list\nS: VERSION 2\nS: ..ODD\nS: .\nC: DATE\nS: 111 20261129120000\nC: QUIT\nS: 205 bye\n"],
    [
      "network.ftp",
      "S: 220-hello\nS: 220-220 inside\nS: more\nS: 220 ready\nC: FEAT\nS: 211-features\nS:  MLST\nS: 211\nC: NOOP\nS: 200 OK\nC: QUIT\nS: 221 bye\n",
    ],
  ])("%s: lines that would end a reply too early", async (probe, transcript) => {
    const outputs: unknown[] = [];
    for (const played of [transcript, pathToFileURL(join(cwd, "case.transcript"))]) {
      const peer = await playTranscript(played);
      const argv = [probe, `127.0.0.1:${peer.port}`, "--set", "tls.mode=none", ...(outputs.length === 0 ? ["--record", "case.transcript"] : [])];
      const { output } = JSON.parse((await probeRun(argv, { cwd })).out);
      await peer.close();
      expect(peer.mismatches).toEqual([]);
      outputs.push({ failure: output.failure, banner: output.banner, capabilities: output.capabilities, features: output.features });
    }
    expect(outputs[1]).toEqual(outputs[0]);
    expect(outputs[0]).toMatchObject({ failure: null });
  });

  test("a peer that refuses connections", async () => {
    const server = await playTranscript("S: 220 x");
    await server.close();
    const argv = ["network.smtp", `127.0.0.1:${server.port}`, "--record", "refused.transcript"];
    expect((await probeRun(argv, { cwd })).code).toBe(1);
    await (await playTranscript(pathToFileURL(join(cwd, "refused.transcript")))).close();
    expect(readdirSync(cwd)).toEqual(["refused.transcript"]);
  });
});

test("later connections get the other transcripts", async () => {
  for (const [name, greeting] of Object.entries({ "a.transcript": "one", "a.2.transcript": "two" })) writeFileSync(join(cwd, name), `S: ${greeting}\n`);
  const server = await playTranscript(join(cwd, "a.transcript"));
  const greetings: string[] = [];
  for (let connection = 0; connection < 3; connection++) greetings.push(await (await RawClient.open(server.port)).rest());
  await server.close();
  expect(greetings.map((each) => each.trim())).toEqual(["one", "two", "two"]);
});

describe("lab --transcript", () => {
  test("serves a transcript, and reports a mismatch with its line, the expected and the actual text", async () => {
    writeFileSync(join(cwd, "strict.transcript"), "# Wants HELO.\nS: 220 mx.example.org\nC: HELO *\nS: 250 mx.example.org\n");
    let interrupt: () => void = () => {};
    const target = new Promise<{ target_port: number }>((resolve) => {
      void probeRun(["lab", "--transcript", "strict.transcript"], {
        cwd,
        onStart: (given) => {
          interrupt = given;
        },
        onOut: (text) => resolve(JSON.parse(text)),
      }).then((outcome) => finished(outcome));
    });
    let finished: (outcome: Awaited<ReturnType<typeof probeRun>>) => void = () => {};
    const ended = new Promise<Awaited<ReturnType<typeof probeRun>>>((resolve) => {
      finished = resolve;
    });
    const { target_port: port } = await target;
    await probeRun(["network.smtp", `127.0.0.1:${port}`], { cwd });
    interrupt();
    const { code, err } = await ended;
    expect(code).toBe(1);
    expect(err).toMatch(/^strict\.transcript:3: mismatch on connection 1\n {2}expected: HELO \*\n {2}got: {6}EHLO .+$/m);
    expect(err).toContain("1 connection, 1 mismatch\n");
  });

  test("an unplayable file is an error of the request, with each line", async () => {
    writeFileSync(join(cwd, "wrong.transcript"), "# x\n@pause 3s\nHELLO\n");
    const { code, err } = await probeRun(["lab", "--transcript", "wrong.transcript"], { cwd });
    expect(code).toBe(2);
    expect(err).toContain("line 2: ");
    expect(err).toContain("line 3: ");
    expect(await probeRun(["lab", "--transcript", "none.transcript"], { cwd })).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no file "none.transcript"'),
    });
  });
});
