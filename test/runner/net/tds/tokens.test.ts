import { describe, expect, test } from "vitest";
import { holdsRow, readTokens } from "../../../../runner/net/tds/tokens.js";

/** Written by hand from [MS-TDS] 2.2.5.4 to 2.2.7: the type's description, and a value. */
const hex = (text: string): Buffer => Buffer.from(text.replace(/ /g, ""), "hex");
/** One column without a name, and one row. */
const result = (type: string, value: string): Buffer => hex(`81 0100 00000000 0000 ${type} 00 d1 ${value} fd 1000 c100 0100000000000000`);

test.each<[what: string, type: string, value: string, expected: unknown]>([
  ["tinyint", "30", "ff", 255],
  ["smallint", "34", "feff", -2],
  ["int", "38", "ffffffff", -1],
  ["bigint beyond 2^53", "7f", "0100000000002000", "9007199254740993"],
  ["nullable bigint", "26 08", "08 feffffffffffffff", "-2"],
  ["nullable int, NULL", "26 04", "00", null],
  ["bit", "32", "01", true],
  ["nullable bit", "68 01", "01 00", false],
  ["float", "3e", "000000000000f83f", 1.5],
  ["nullable real", "6d 04", "04 0000c03f", 1.5],
  ["decimal(5,2)", "6a 05 05 02", "05 01 39300000", "123.45"],
  ["a negative decimal below one", "6a 05 05 02", "05 00 05000000", "-0.05"],
  ["numeric(38,0)", "6c 11 26 00", "11 01 ffffffffffffffffffffffffffffff4b", "101021327679653606340689336581306187775"],
  ["money", "3c", "00000000 10270000", "1.0000"],
  ["negative money", "3c", "ffffffff f0d8ffff", "-1.0000"],
  ["nullable smallmoney", "6e 04", "04 39300000", "1.2345"],
  ["uniqueidentifier", "24 10", "10 33221100554477668899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"],
  ["datetime 1900-01-02 00:00:01", "3d", "01000000 2c010000", "1900-01-02 00:00:01.000"],
  ["datetime before 1900", "3d", "ffffffff 00000000", "1899-12-31 00:00:00.000"],
  ["smalldatetime", "3a", "0100 0100", "1900-01-02 00:01:00.000"],
  ["date 0001-01-01", "28", "03 000000", "0001-01-01"],
  ["date 2024-02-29", "28", "03 80460b", "2024-02-29"],
  ["time(0)", "29 00", "03 7f5101", "23:59:59"],
  ["time(7)", "29 07", "05 0100000000", "00:00:00.0000001"],
  ["datetime2(3)", "2a 03", "07 e8030000 80460b", "2024-02-29 00:00:01.000"],
  ["datetimeoffset(0)", "2b 00", "08 010000 80460b 3c00", "2024-02-29 00:00:01Z"],
  ["nvarchar", "e7 4000 0904d00034", "0400 61000a26", "a☊"],
  ["nvarchar, NULL", "e7 4000 0904d00034", "ffff", null],
  ["nvarchar(max) in two pieces", "e7 ffff 0904d00034", "feffffffffffffff 02000000 6100 02000000 6200 00000000", "ab"],
  ["nvarchar(max), NULL", "e7 ffff 0904d00034", "ffffffffffffffff", null],
  ["varchar in Windows-1252", "a7 1000 0904d00034", "0200 e480", "ä€"],
  ["varchar in UTF-8", "a7 1000 0904d00034", "0200 c3a4", "ä"],
  ["varbinary", "a5 1000", "0200 00ff", hex("00ff")],
  ["xml", "f1 00", "0800000000000000 08000000 3c0061002f003e00 00000000", "<a/>"],
  ["text with the name of its table", "23 ffffff7f 0904d00034 01 0100 7400", "10 00000000000000000000000000000000 0000000000000000 02000000 6869", "hi"],
])("%s", (_, type, value, expected) => {
  const { rows, columns } = readTokens(result(type, value), 10);
  expect(columns).toHaveLength(1);
  expect(rows).toEqual([[expected]]);
});

const INT = "81 0100 00000000 0000 38 01 6100";

describe("messages", () => {
  test("a row in which NULL takes no room", () => {
    const columns = "81 0200 00000000 0100 26 04 00 00000000 0100 26 04 00";
    expect(readTokens(hex(`${columns} d2 01 04 07000000`), 10).rows).toEqual([[null, 7]]);
  });

  test("no more rows than were asked for", () => {
    expect(readTokens(hex(`${INT} d1 01000000 d1 02000000 d1 03000000`), 2).rows).toEqual([[1], [2]]);
  });

  test("an error, a new transaction, another database, another server", () => {
    const error = "aa 1400 d0000000 01 10 0300 6e006f002e00 00 00 01000000";
    expect(readTokens(hex(error), 0).errors).toEqual([{ number: 208, severity: 16, message: "no." }]);
    expect(readTokens(hex("e3 0b00 08 08 0100000000000000 00"), 0).transaction).toEqual(hex("0100000000000000"));
    expect(readTokens(hex("e3 0b00 0a 00 08 0100000000000000"), 0).transaction).toEqual(Buffer.alloc(8));
    expect(readTokens(hex("e3 0700 01 02 61006200 00"), 0).database).toBe("ab");
    expect(readTokens(hex("e3 0c00 14 0700 00 9905 0100 6800 0000"), 0).route).toBe("h:1433");
  });

  test("the acknowledgement of features, a status, and a return value before the end", () => {
    const message = "ae 04 01000000 01 ff 79 00000000 ac 0100 00 01 00000000 0000 26 04 04 07000000 fd 0000 0000 0000000000000000";
    expect(readTokens(hex(message), 0).errors).toEqual([]);
  });

  test("whether the beginning of a message holds a row", () => {
    expect(holdsRow(hex(INT))).toBe(false);
    expect(holdsRow(hex(`${INT} d1 0100`))).toBe(false);
    expect(holdsRow(hex(`${INT} d1 01000000 d1`))).toBe(true);
  });
});

test.each<[what: string, message: string, code: string]>([
  ["an unknown token", "01", "protocol_violation"],
  ["a token that is cut", "d1", ""],
  ["a column of an unknown type", "81 0100 00000000 0000 99 00", "unsupported"],
  ["5000 columns", "81 8813", "limit_exceeded"],
  ["a text of 4 GiB", "81 0100 00000000 0000 e7 ffff 0904d00034 00 d1 feffffffffffffff ffffffff 61", "protocol_violation"],
  ["a uniqueidentifier of 3 bytes", "81 0100 00000000 0000 24 10 00 d1 03 010203", "protocol_violation"],
  ["a time of the scale 200", "81 0100 00000000 0000 29 c8 00 d1 05 0102030405", "protocol_violation"],
])("%s", (_, message, code) => {
  if (code === "") expect(readTokens(hex(message), 1).rows).toEqual([[]]);
  else expect(() => readTokens(hex(message), 1)).toThrowError(expect.objectContaining({ failure: expect.objectContaining({ code }) }));
});
