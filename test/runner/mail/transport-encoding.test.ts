import { describe, expect, test } from "vitest";
import { encodeForTransport, hasLongLine, quotedPrintable } from "../../../runner/mail/transport-encoding.js";

const encoded = (lines: readonly string[], sevenBit = true): string | null =>
  encodeForTransport(Buffer.from(`${lines.join("\r\n")}\r\n`), { sevenBit })?.toString("latin1") ?? null;

const UMLAUTS = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", "Grüße aus Köln"];

describe("a message for a server without 8BITMIME", () => {
  test("is encoded, and says how", () => {
    expect(encoded(["From: a@b.example", "MIME-Version: 1.0", ...UMLAUTS])).toBe(
      [
        "From: a@b.example",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Gr=C3=BC=C3=9Fe aus K=C3=B6ln",
        "",
      ].join("\r\n"),
    );
  });

  test("without MIME gets its fields, with the character set that it has", () => {
    expect(encoded(["From: a@b.example", "", "Grüße"])).toContain("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr=C3=BC");
    const latin1 = encodeForTransport(Buffer.from("From: a@b.example\r\n\r\nGr\u00fc\u00dfe\r\n", "latin1"), { sevenBit: true });
    expect(latin1?.toString("latin1")).toContain("charset=unknown-8bit\r\n\r\nGr=FC=DFe");
  });

  test("has each part encoded separately, and parts that need no encoding unchanged", () => {
    const message = [
      'Content-Type: multipart/mixed; boundary="b 1"',
      "Content-Transfer-Encoding: 8bit",
      "",
      "preamble",
      "--b 1",
      ...UMLAUTS,
      "--b 1",
      "Content-Type: multipart/alternative; boundary=inner",
      "",
      "--inner",
      "",
      "plain",
      "--inner",
      ...UMLAUTS,
      "--inner--",
      "--b 1",
      "Content-Type: application/pdf",
      "Content-Transfer-Encoding: base64",
      "",
      "AAAA",
      "--b 1--",
      "epilogue",
    ];
    const result = encoded(message) as string;
    expect(result.match(/Gr=C3=BC=C3=9Fe/g)).toHaveLength(2);
    expect(result).not.toMatch(/8bit|[\u0080-\u00ff]/);
    expect(result).toContain("--inner\r\n\r\nplain\r\n--inner\r\n");
    expect(result).toContain("base64\r\n\r\nAAAA\r\n--b 1--\r\nepilogue\r\n");
    expect(result.split("\r\n").filter((line) => line.startsWith("--b 1"))).toHaveLength(4);
  });

  test("has a message inside encoded in its own parts", () => {
    const result = encoded(["Content-Type: message/rfc822", "Content-Transfer-Encoding: 8bit", "", "Subject: inner", ...UMLAUTS]);
    expect(result).toBe(
      "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe aus K=C3=B6ln\r\n",
    );
  });

  test.each<[string, readonly string[]]>([
    ["a signed part", ["Content-Type: multipart/signed; boundary=s", "", "--s", ...UMLAUTS, "--s--"]],
    ["a header beyond ASCII", ["Subject: Grüße", "", "Grüße"]],
    ["a multipart without a boundary", ["Content-Type: multipart/mixed", "", "Grüße"]],
    ["parts within parts without end", [...Array.from({ length: 40 }, () => ["Content-Type: message/rfc822", ""]).flat(), "Grüße"]],
  ])("cannot be made of %s", (_, lines) => {
    expect(encoded(lines)).toBeNull();
  });

  test("is the same bytes if it is fit", () => {
    const message = Buffer.from("Subject: x\r\n\r\nhello\r\n");
    expect(encodeForTransport(message, { sevenBit: true })).toBe(message);
  });
});

describe("a long line", () => {
  test.each([
    [998, false],
    [999, true],
  ])("of %i characters: %s", (characters, isLong) => {
    const line = "x".repeat(characters);
    expect([hasLongLine(`a\r\n${line}\r\nb\r\n`), hasLongLine(`a\r\n${line}`)]).toEqual([isLong, isLong]);
  });

  test("is encoded in any part", () => {
    const long = "y".repeat(3000);
    expect(encoded(["Subject: x", "", long], false)).toMatch(/Content-Transfer-Encoding: quoted-printable\r\n[\s\S]*\r\n\r\n(?:y{75}=\r\n)+y*\r\n$/);
    const base64 = encoded(["Content-Transfer-Encoding: base64", "", "A".repeat(3000)], false) as string;
    expect(hasLongLine(base64)).toBe(false);
    expect(base64.split("\r\n\r\n")[1]?.replace(/\s/g, "")).toBe("A".repeat(3000));
  });
});

test("quoted-printable has short lines, and no blank at the end of one", () => {
  const text = `${"ü".repeat(100)}\r\nends with a blank \r\ntab\t\r\n=\r\n${"z".repeat(76)}\r\n`;
  const result = quotedPrintable(Buffer.from(text).toString("latin1"));
  expect(Math.max(...result.split("\r\n").map((line) => line.length))).toBeLessThanOrEqual(76);
  expect(result).not.toMatch(/[ \t]\r\n/);
  const decoded = result.replace(/=\r\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  expect(Buffer.from(decoded, "latin1").toString()).toBe(text);
});

test("takes linear time", () => {
  const lines = ["Content-Type: multipart/mixed; boundary=b", "", ...Array.from({ length: 50_000 }, () => "--b"), "ü", "x".repeat(1_000_000)];
  const began = performance.now();
  encoded(lines);
  expect(performance.now() - began).toBeLessThan(3000);
});
