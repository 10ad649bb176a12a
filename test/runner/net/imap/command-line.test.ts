import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { astring, type Dialect, mailboxArgument, type Piece, portionsOf, uidSet } from "../../../../runner/net/imap/command-line.js";
import { decodeMailboxName, encodeMailboxName } from "../../../../runner/net/imap/mailbox-name.js";
import { ResponseParser } from "../../../../runner/net/imap/response.js";
import { FailureError } from "../../../../runner/run/failure-error.js";
import { anyCharacter } from "../../../support/any-character.js";

const WAITING: Dialect = { freeLiterals: "none", utf8: false };

function sent(line: readonly Piece[], dialect = WAITING): string[] {
  return portionsOf(line, dialect).map(({ bytes }) => bytes.toString("utf8"));
}

function refusal(action: () => unknown): string | null {
  try {
    action();
    return null;
  } catch (error) {
    if (error instanceof FailureError) return error.failure.code;
    throw error;
  }
}

describe("a text", () => {
  test("is quoted, and cannot end its quotes", () => {
    expect(sent(["LOGIN ", astring('a"b\\c'), " ", astring("")])).toEqual(['LOGIN "a\\"b\\\\c" ""\r\n']);
  });

  test("beyond ASCII, or a long one, is sent as a literal after the continuation request", () => {
    expect(sent(["X ", astring("grün"), " Y"])).toEqual(["X {5}\r\n", "grün Y\r\n"]);
    expect(sent(["X ", astring("x".repeat(600))])).toEqual(["X {600}\r\n", `${"x".repeat(600)}\r\n`]);
  });

  test("that is secret is masked in the trace, with its length", () => {
    const shown = (freeLiterals: Dialect["freeLiterals"]) =>
      portionsOf(["X ", astring("grün", true), " Y"], { freeLiterals, utf8: false }).map((each) => each.shown);
    expect(shown("all")).toEqual(["X {[secret]+}\r\n[secret] Y"]);
    expect(shown("none")).toEqual(["X {[secret]}", "[secret] Y"]);
    expect(portionsOf(["X ", astring("grün")], WAITING).map((each) => each.shown)).toEqual(["X {5}", "grün"]);
  });

  test("is sent as a non-synchronising literal if the server offers it (RFC 7888)", () => {
    expect(sent(["X ", astring("ü"), " Y"], { freeLiterals: "all", utf8: false })).toEqual(["X {2+}\r\nü Y\r\n"]);
    expect(sent(["X ", astring("x".repeat(5000))], { freeLiterals: "short", utf8: false })).toEqual(["X {5000}\r\n", `${"x".repeat(5000)}\r\n`]);
    expect(sent(["X ", astring("x".repeat(4096))], { freeLiterals: "short", utf8: false })).toHaveLength(1);
  });

  test.each(["a\rb", "a\nb", "a\r\na2 LOGOUT", "a\0b"])("with %j in it is never sent", (text) => {
    expect(refusal(() => astring(text))).toBe("not_permitted");
    expect(refusal(() => portionsOf([text], WAITING))).toBe("not_permitted");
    expect(refusal(() => mailboxArgument(text, { freeLiterals: "none", utf8: true }))).toBe("not_permitted");
  });

  test("of random characters is read back unchanged by a server", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.oneof(fc.constantFrom('"', "\\", "{", "}", "(", ")", " ", "*", "%", "1", "+"), fc.string({ unit: "grapheme", maxLength: 1 })) }),
        (text) => {
          fc.pre(!/[\r\n\0]/.test(text));
          const parser = new ResponseParser();
          parser.push(`* X ${sent([astring(text)]).join("")}`.replaceAll(/./gsu, (character) => Buffer.from(character).toString("latin1")));
          expect(parser.response()).toMatchObject({ values: [{ kind: "string", text: Buffer.from(text).toString("latin1") }] });
          expect(parser.isEmpty).toBe(true);
        },
      ),
    );
  });

  test("has a limited length", () => {
    expect(refusal(() => portionsOf(["x".repeat(9000)], WAITING))).toBe("limit_exceeded");
  });
});

describe("a set of UIDs", () => {
  test.each<[readonly number[], string]>([
    [[7], "7"],
    [[3, 1, 2], "1:3"],
    [[9, 1, 2, 3, 9, 5], "1:3,5,9"],
    [[4294967295], "4294967295"],
  ])("%j is %s", (uids, set) => {
    expect(uidSet(uids)).toBe(set);
  });

  test.each([[[]], [[0]], [[-1]], [[1.5]], [[4294967296]], [[Number.NaN]]])("%j is refused", (uids) => {
    expect(refusal(() => uidSet(uids))).toBe("not_permitted");
  });
});

describe("a folder's name", () => {
  // The standard's own examples (RFC 3501, section 5.1.3), and others.
  test.each([
    ["~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"],
    ["Hi Mom -☺-!", "Hi Mom -&Jjo--!"],
    ["Tom & Jerry", "Tom &- Jerry"],
    ["&", "&-"],
    ["Entwürfe", "Entw&APw-rfe"],
    ["😀", "&2D3eAA-"],
    ["tab\there", "tab&AAk-here"],
    ["INBOX", "INBOX"],
  ])("%j is sent as %j", (name, encoded) => {
    expect(encodeMailboxName(name)).toBe(encoded);
    expect(decodeMailboxName(encoded)).toBe(name);
  });

  test.each(["&", "&A-", "&Jjo", "a&!-b"])("%j is not valid modified UTF-7, and is shown unchanged", (encoded) => {
    expect(decodeMailboxName(encoded)).toBe(encoded);
  });

  test("survives encoding and decoding", () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (name) => {
        const encoded = encodeMailboxName(name);
        expect(encoded).toMatch(/^[\x20-\x7e]*$/);
        expect(decodeMailboxName(encoded)).toBe(name);
      }),
    );
  });

  test("is UTF-8 after UTF8=ACCEPT was enabled", () => {
    expect(sent([mailboxArgument("Entwürfe", WAITING)])).toEqual(['"Entw&APw-rfe"\r\n']);
    const utf8: Dialect = { freeLiterals: "all", utf8: true };
    expect(sent([mailboxArgument("Entwürfe", utf8)], utf8)).toEqual(["{9+}\r\nEntwürfe\r\n"]);
  });
});
