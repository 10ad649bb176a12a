import { createHmac } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { run } from "../../../runner/harness/run.js";
import { type AcceptedSocket, listen } from "../../../runner/net/transport/listen.js";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});

const SECRET = "s3cret pässword";
const USER = "someone";
const CHALLENGE = "<1@mx.example.org>";

/** Every form in which a secret could leave a run. */
const FORMS = [SECRET, Buffer.from(SECRET).toString("base64"), Buffer.from(`\0${USER}\0${SECRET}`).toString("base64"), encodeURIComponent(SECRET), "s3cret"];

/** A server that says back whatever it is sent, as it was and decoded, in its refusals. */
async function echo(mechanism: string): Promise<number> {
  const listener = await listen((socket: AcceptedSocket) => {
    socket.write("220 mx.example.org\r\n");
    let unread = "";
    socket.on("end", () => socket.end());
    socket.on("data", (bytes) => {
      unread += bytes.toString();
      const lines = unread.split("\r\n");
      unread = lines.pop() as string;
      for (const line of lines) socket.write(answer(line, mechanism));
    });
  });
  open.push(listener);
  return listener.port;
}

function answer(line: string, mechanism: string): string {
  if (line.startsWith("EHLO")) return `250-mx.example.org\r\n250 AUTH ${mechanism}\r\n`;
  if (line === "NOOP") return "250 OK\r\n";
  if (line === "QUIT") return "221 bye\r\n";
  if (line === "AUTH CRAM-MD5") return `334 ${Buffer.from(CHALLENGE).toString("base64")}\r\n`;
  if (line === "AUTH LOGIN") return "334 VXNlcm5hbWU6\r\n";
  if (mechanism === "LOGIN" && line === Buffer.from(USER).toString("base64")) return "334 UGFzc3dvcmQ6\r\n";
  const word = line.split(" ").at(-1) as string;
  const decoded = Buffer.from(word, "base64").toString().replaceAll("\0", "|").replaceAll("\x01", "|");
  return `535-5.7.8 you said ${line}\r\n535 5.7.8 which means ${decoded}\r\n`;
}

describe.each([
  ["PLAIN", { password: SECRET }],
  ["LOGIN", { password: SECRET }],
  ["XOAUTH2", { access_token: SECRET.replace(" ", "") }],
] as const)("a server that says a secret back, after %s", (mechanism, credentials) => {
  test("is not repeated", async () => {
    const port = await echo(mechanism);
    const trace: unknown[] = [];
    const auth = { mechanism, username: USER, allow_plaintext: true, ...credentials };
    const envelope = await run(
      "network.smtp@2.0.0",
      { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, auth },
      { trace: (event) => trace.push(event) },
    );
    expect(envelope.output).toMatchObject({ status: "error", failure: { phase: "auth", code: "reply_rejected", reply_code: 535 }, auth: { accepted: false } });
    const shown = JSON.stringify({ envelope, trace });
    expect(shown).toContain("[secret]");
    for (const form of FORMS) expect(shown).not.toContain(form);
  });
});

// A digest lets an attacker guess the password offline.
test("a digest of a secret is not repeated either", async () => {
  const port = await echo("CRAM-MD5");
  const trace: unknown[] = [];
  const auth = { mechanism: "CRAM-MD5", username: USER, password: SECRET } as const;
  const input = { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, auth } as const;
  const envelope = await run("network.smtp@2.0.0", input, { trace: (event) => trace.push(event) });
  expect(envelope.output).toMatchObject({ failure: { reply_code: 535 }, auth: { mechanism: "CRAM-MD5" } });
  const digest = createHmac("md5", SECRET).update(CHALLENGE).digest("hex");
  const shown = JSON.stringify({ envelope, trace });
  for (const form of [digest, Buffer.from(`${USER} ${digest}`).toString("base64")]) expect(shown).not.toContain(form);
});

test("a password is sent in plain text only if the input allows it", async () => {
  const port = await echo("PLAIN");
  const { output } = await run("network.smtp@2.0.0", { target_host: "127.0.0.1", target_port: port, auth: { username: USER, password: SECRET } });
  expect(output).toMatchObject({ failure: { phase: "auth", code: "not_permitted" } });
  expect(JSON.stringify(output)).not.toContain("s3cret");
});

test.each(["error", "none", "auth", "probe"])("a secret that equals a word of the output, %j, does not damage it", async (password) => {
  const port = await echo("PLAIN");
  const auth = { mechanism: "PLAIN", username: USER, password, allow_plaintext: true };
  const { output } = await run("network.smtp@2.0.0", { target_host: "127.0.0.1", target_port: port, tls: { mode: "none" }, auth });
  expect(output).toMatchObject({ status: "error", failure: { phase: "auth", code: "reply_rejected" }, tls: null, auth: { mechanism: "PLAIN" } });
});
