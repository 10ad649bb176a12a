import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDnsServer } from "../../../runner/lab/dns-server.js";
import { probeRun } from "./command-line.js";

const ZONE = `
$ORIGIN example.
$TTL 300
@                SOA  ns hostmaster 1 3600 600 86400 60
shop             TXT  "v=spf1 ip4:203.0.113.0/24 -all"
_dmarc.shop      TXT  "v=DMARC1; p=quarantine"
news.shop        TXT  "v=spf1 ip4:203.0.113.9 -all"
other            TXT  "v=spf1 ip4:203.0.113.9 -all"
`;

const MESSAGE = [
  "Return-Path: <bounce@news.shop.example>",
  "Authentication-Results: mx.inbox.example; spf=pass smtp.mailfrom=bounce@news.shop.example; dkim=none; dmarc=fail header.from=shop.example",
  "Received: from sender.shop.example (sender.shop.example [203.0.113.9])",
  "\tby mx.inbox.example with ESMTP; Fri, 20 Nov 2026 10:00:01 +0000",
  "ARC-Authentication-Results: i=1; relay.list.example; spf=softfail smtp.mailfrom=a@shop.example",
  "From: Shop <hello@shop.example>",
  "Subject: sale",
  "",
  "Caf\xe9",
  "",
].join("\r\n");

let cwd: string;
let server: Awaited<ReturnType<typeof startDnsServer>>;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "probe-run-verify-"));
  server = await startDnsServer({ zones: [ZONE] });
  writeFileSync(join(cwd, "message.eml"), MESSAGE, "latin1");
});
afterAll(async () => {
  await server.close();
  rmSync(cwd, { recursive: true });
});

function verify(argv: readonly string[], surroundings: Parameters<typeof probeRun>[1] = {}): ReturnType<typeof probeRun> {
  const resolvers = server.servers.flatMap((each) => ["--resolver", each]);
  return probeRun(["verify", ...argv, ...resolvers], { cwd, ...surroundings });
}

describe("verify", () => {
  test("takes the client from the Received field of a trusted host, and reports the alignment", async () => {
    const { code, out, err } = await verify(["message.eml", "--trusted-host", "mx.inbox.example"]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^From {6}shop\.example$/m);
    expect(out).toMatch(/^Client {4}203\.0\.113\.9, EHLO sender\.shop\.example \(from the trusted Received field\)$/m);
    expect(out).toMatch(/^DMARC {5}pass, policy quarantine of shop\.example, SPF news\.shop\.example aligned with From shop\.example$/m);
    expect(out).toMatch(/^SPF {7}pass, news\.shop\.example, MAIL FROM, aligned with From shop\.example$/m);
    expect(out).toMatch(/^DKIM {6}none: the message has no signature$/m);
  });

  test("shows the verdicts of the hosts on the way beside ours, and where they changed", async () => {
    const { out } = await verify(["message.eml", "--trusted-host", "mx.inbox.example"]);
    const rows = out.slice(out.indexOf("Verdicts on the way"), out.indexOf("Changes of verdict"));
    expect(rows).toMatch(/softfail .*relay\.list\.example \(ARC set 1\)\n.*pass .*fail .*mx\.inbox\.example \(Authentication-Results\)\n.*probe-run \(now\)/);
    expect(out).toContain("SPF: softfail at relay.list.example (ARC set 1), pass at mx.inbox.example (Authentication-Results)\n");
    expect(out).toContain("DMARC: fail at mx.inbox.example (Authentication-Results), pass at probe-run (now)\n");
    expect(out).toContain("warning  the receiver found dmarc=fail, and now it is pass\n");
  });

  test("a sender of another domain passes SPF without alignment: DMARC fails, and the exit code is 1", async () => {
    const { code, out } = await verify(["message.eml", "--ip", "203.0.113.9", "--mail-from", "a@other.example", "--helo", "mail.other.example"]);
    expect(code).toBe(1);
    expect(out).toMatch(/^Client {4}203\.0\.113\.9, EHLO mail\.other\.example \(given\)$/m);
    expect(out).toMatch(/^DMARC {5}fail, policy quarantine of shop\.example, neither SPF nor DKIM/m);
    expect(out).toMatch(/^SPF {7}pass, other\.example, MAIL FROM, not aligned with From shop\.example$/m);
  });

  test("prints the envelope of mail.verify as JSON, and reads bytes that are not UTF-8 from stdin", async () => {
    const { code, out } = await verify(["-", "--json", "--ip", "203.0.113.9", "--at", "2026-11-20T10:00:01Z"], { stdin: Buffer.from(MESSAGE, "latin1") });
    expect(code).toBe(0);
    const { output } = JSON.parse(out);
    expect(output.received).toEqual({
      ip: "203.0.113.9",
      mail_from: "bounce@news.shop.example",
      helo_domain: null,
      at: "2026-11-20T10:00:01.000Z",
      is_encrypted: null,
      source: "input",
    });
    expect(output.dmarc).toMatchObject({ result: "pass", aligned: [{ method: "spf", domain: "news.shop.example" }] });
  });

  test("without a client SPF is not evaluated, and the output says which options to give", async () => {
    const { out } = await verify(["message.eml"]);
    expect(out).toMatch(/^Client {4}unknown: give --ip or --trusted-host$/m);
    expect(out).toMatch(/^SPF {7}not evaluated, /m);
    expect(out).toMatch(/^DMARC {5}unknown, .*SPF could not be evaluated$/m);
  });

  test("every signature has a line: the lab's changed message does not verify", async () => {
    const changed = await probeRun(["verify", "--lab=changed"]);
    expect(changed.code).toBe(1);
    expect(changed.out).toMatch(/^DKIM {6}fail, signed\.example, selector lab, ed25519-sha256.*, .+$/m);
    const signed = await probeRun(["verify", "--lab"]);
    expect(signed.out).toMatch(/^DKIM {6}pass, signed\.example, selector lab, .*aligned with From signed\.example$/m);
  });

  test("control characters of a message do not reach the terminal, and lines fit its width", async () => {
    const hostile = MESSAGE.replace("mx.inbox.example;", "mx.inbox.example; iprev=pass; spf=pass (\x1b]0;owned\x07);").replace(
      "relay.list",
      "relay\x1b[31m.list",
    );
    const { out } = await verify(["-"], { stdin: Buffer.from(hostile, "latin1"), tty: true, columns: 60, env: { NO_COLOR: "1" } });
    expect(out).not.toContain("\x1b");
    expect(out.split("\n").filter((line) => line.length > 60)).toEqual([]);
  });

  test("needs one message; an invalid address is an error of the request", async () => {
    expect(await verify([])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("give exactly one message") });
    expect(await verify(["message.eml", "--lab"])).toMatchObject({ code: 2, out: "" });
    expect(await verify(["message.eml", "--ip", "203.0.113"])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("/ip") });
    expect(await verify(["none.eml"])).toMatchObject({ code: 2, out: "" });
  });
});
