import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authenticationOf } from "../../../runner/mail/authentication.js";
import { parseAuthenticationResults } from "../../../runner/mail/authentication-results.js";
import { parseHeader } from "../../../runner/mail/header.js";
import { HEADER_LIMITS } from "../../../runner/mail/limits.js";
import { parseReceivedSpf } from "../../../runner/mail/received-spf.js";
import { processorMs } from "../../support/processor-ms.js";

interface Case {
  readonly by: string;
  readonly written: string;
  readonly id: string | null;
  /** As method=result name=value. */
  readonly verdicts: readonly string[];
}

const CASES: readonly Case[] = [
  {
    by: "opendkim",
    written:
      'mx.example.org;\tdkim=pass (2048-bit key; unprotected) header.d=example.com header.i=@example.com header.a=rsa-sha256 header.s=s1 header.b="Ab+/cd=";\tdkim-atps=neutral',
    id: "mx.example.org",
    verdicts: ["dkim=pass header.d=example.com header.i=@example.com header.a=rsa-sha256 header.s=s1 header.b=Ab+/cd=", "dkim-atps=neutral"],
  },
  {
    by: "Gmail",
    written:
      "mx.google.com;       dkim=pass header.i=@example.com header.s=s1 header.b=AbCdEfGh;       dkim=fail header.i=@list.example.net header.s=k1;       spf=pass (google.com: domain of bob@example.com designates 192.0.2.1 as permitted sender) smtp.mailfrom=bob@example.com;       dmarc=pass (p=REJECT sp=NONE dis=NONE) header.from=example.com;       arc=pass (i=1 spf=pass)",
    id: "mx.google.com",
    verdicts: [
      "dkim=pass header.i=@example.com header.s=s1 header.b=AbCdEfGh",
      "dkim=fail header.i=@list.example.net header.s=k1",
      "spf=pass smtp.mailfrom=bob@example.com",
      "dmarc=pass header.from=example.com",
      "arc=pass",
    ],
  },
  {
    by: "Exchange Online, who does not say its name",
    written:
      "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=example.com; dkim=pass (signature was verified) header.d=example.com;dmarc=bestguesspass action=none header.from=example.com;compauth=pass reason=100",
    id: null,
    verdicts: [
      "spf=pass smtp.mailfrom=example.com",
      "dkim=pass header.d=example.com",
      "dmarc=bestguesspass action=none header.from=example.com",
      "compauth=pass",
    ],
  },
  { by: "a host that found nothing to do", written: "mx.example.org 1; none", id: "mx.example.org", verdicts: [] },
  {
    by: "a host with versions, comments everywhere and blanks around the signs",
    written:
      'mx.example.org (hi (there)) 1 ; (before) dkim/1 (x) = (y) FAIL (bad;\\)) reason = "bad; signature" policy . x = 1 smtp.mailfrom="a b"@example.com',
    id: "mx.example.org",
    verdicts: ["dkim=fail x=1 smtp.mailfrom=a b@example.com"],
  },
  { by: "a writer with comments right behind", written: "mx;dkim=pass(ok)header.d=example.com", id: "mx", verdicts: ["dkim=pass header.d=example.com"] },
  { by: "a writer with a quoted name", written: '"mx;1"; spf=none', id: "mx;1", verdicts: ["spf=none"] },
  { by: "a writer with empty parts", written: "mx.example.org;;; spf=none ;", id: "mx.example.org", verdicts: ["spf=none"] },
  { by: "a writer with nothing", written: "", id: null, verdicts: [] },
];

describe("Authentication-Results by", () => {
  test.each(CASES)("$by", ({ written, id, verdicts }) => {
    const read = parseAuthenticationResults(written, "receiver");
    const found = read.verdicts.map(({ method, result, properties }) =>
      [`${method}=${result}`, ...properties.map(({ name, value }) => `${name}=${value}`)].join(" "),
    );
    expect([read.authserv_id, found]).toEqual([id, verdicts]);
  });

  test("reasons and comments are kept", () => {
    const [verdict] = parseAuthenticationResults('mx; dkim=fail (2048-bit key) reason="signature did not verify" header.d=a', "receiver").verdicts;
    expect(verdict).toEqual({
      source: "receiver",
      authserv_id: "mx",
      arc_instance: null,
      method: "dkim",
      result: "fail",
      reason: "signature did not verify",
      comment: "2048-bit key",
      properties: [{ name: "header.d", value: "a" }],
    });
  });

  test("a set of ARC fields says which one it is", () => {
    const read = parseAuthenticationResults("i=2; mx.example.org 1; arc=pass", "arc");
    expect([read.arc_instance, read.authserv_id, read.verdicts[0]?.arc_instance]).toEqual([2, "mx.example.org", 2]);
  });
});

describe("Received-SPF", () => {
  test("is read", () => {
    const written =
      'Pass (mx.example.org: domain of bob@example.com designates 192.0.2.1) receiver=mx.example.org; client-ip=192.0.2.1; envelope-from="bob@example.com"; helo=out.example.com;';
    expect(parseReceivedSpf(written)).toEqual({
      source: "received_spf",
      authserv_id: "mx.example.org",
      arc_instance: null,
      method: "spf",
      result: "pass",
      reason: null,
      comment: "mx.example.org: domain of bob@example.com designates 192.0.2.1",
      properties: [
        { name: "receiver", value: "mx.example.org" },
        { name: "client-ip", value: "192.0.2.1" },
        { name: "envelope-from", value: "bob@example.com" },
        { name: "helo", value: "out.example.com" },
      ],
    });
  });

  test.each(["", "(only a comment)", "receiver=mx"])("is nothing: %s", (written) => expect(parseReceivedSpf(written)).toBe(null));
});

const HEADER = `Authentication-Results: mx.example.org; dkim=none
Authentication-Results: mx.example.org; spf=softfail; dkim=fail header.d=a; dkim=pass header.d=b; dmarc=fail; arc=none
Received-SPF: softfail receiver=mx.example.org
Received: from a by mx.example.org; Fri, 20 Nov 2026 02:41:46 +0000
ARC-Authentication-Results: i=1; list.example.net; spf=pass
Authentication-Results: relay.example.net; spf=pass; dkim=pass; dmarc=pass
X-Original-Authentication-Results: list.example.net; dmarc=pass

body`;

describe("what a message's header tells", () => {
  test("is what the topmost host wrote, in all of its fields", () => {
    const { verdicts, ...summary } = authenticationOf(parseHeader(HEADER));
    expect(summary).toEqual({ authserv_id: "mx.example.org", spf: "softfail", dkim: "pass", dmarc: "fail", arc: "none" });
    expect(verdicts.map(({ source, authserv_id: id, method }) => `${source} ${id} ${method}`)).toEqual([
      "receiver mx.example.org dkim",
      "receiver mx.example.org spf",
      "receiver mx.example.org dkim",
      "receiver mx.example.org dkim",
      "receiver mx.example.org dmarc",
      "receiver mx.example.org arc",
      "received_spf mx.example.org spf",
      "arc list.example.net spf",
      "receiver relay.example.net spf",
      "receiver relay.example.net dkim",
      "receiver relay.example.net dmarc",
      "original list.example.net dmarc",
    ]);
  });

  test("is only what a trusted host wrote", () => {
    expect(authenticationOf(parseHeader(HEADER), ["RELAY.example.net"])).toMatchObject({
      authserv_id: "relay.example.net",
      spf: "pass",
      dkim: "pass",
      arc: null,
    });
    expect(authenticationOf(parseHeader(HEADER), ["elsewhere.example"])).toMatchObject({ authserv_id: null, spf: null, dkim: null, dmarc: null, arc: null });
  });

  test("has an end", () => {
    const { verdicts } = authenticationOf(parseHeader(`Authentication-Results: mx${"; spf=pass".repeat(3000)}\r\n`.repeat(3)));
    expect(verdicts.length).toBe(HEADER_LIMITS.verdicts);
  });

  test("any text is read without an error, and in time", () => {
    const pieces = fc.constantFrom("mx", ";", "=", "dkim", "pass", "(", ")", '"', "\\", " ", "i=1", "/1", "é", "reason=");
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 60 }), (words) => {
        for (const { method, result } of parseAuthenticationResults(words.join(""), "receiver").verdicts) expect([method, result]).not.toContain("");
        parseReceivedSpf(words.join(""));
      }),
    );
    const readAll = (): void => {
      for (const piece of ["(", '"', ";a=b", "a=", "=", "a b=c "])
        parseAuthenticationResults(piece.repeat(HEADER_LIMITS.fieldBytes / piece.length), "receiver");
    };
    expect(processorMs(readAll)).toBeLessThan(1000);
  });
});
