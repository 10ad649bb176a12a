import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDomainReport } from "../../../../runner/mail/domain-report/read-domain-report.js";
import { reasonOf } from "./refusal.js";

const AGGREGATE = readFileSync(new URL("../../../../fixtures/mail.report/rfc7489.xml", import.meta.url));

/** What Python has packed, a file for each kind. */
const folder = mkdtempSync(join(tmpdir(), "probe-run-packed-"));
beforeAll(() => {
  execFileSync("python3", [new URL("pack.py", import.meta.url).pathname, folder], { input: AGGREGATE });
});
afterAll(() => rmSync(folder, { recursive: true }));

function packed(kind: string): Buffer {
  return readFileSync(join(folder, kind));
}

describe("packing", () => {
  test.each(["gzip", "zip", "stored", "folders"])("%s of another program gives the same report", (kind) => {
    const { packing, ...report } = readDomainReport(packed(kind));
    expect(packing).toEqual([kind === "gzip" ? "gzip" : "zip"]);
    expect({ ...report, packing: [] }).toEqual(readDomainReport(AGGREGATE));
  });

  test.each(["base64", "binary"])("a message with an attachment, in %s, and one that forwards it", (encoding) => {
    const zip = packed("zip").toString(encoding === "base64" ? "base64" : "latin1");
    const message = `From: r@receiver.example\r\nSubject: Report domain: example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<html></html>\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${zip}\r\n--b--\r\n`;
    const forwarded = `From: a@example.org\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nsee below\r\n--c\r\nContent-Type: message/rfc822\r\n\r\n${message}\r\n--c--\r\n`;
    for (const each of [message, forwarded])
      expect(readDomainReport(Buffer.from(each, "latin1"))).toEqual({ ...readDomainReport(AGGREGATE), packing: ["message", "zip"] });
  });

  test.each([
    ["two", "unpack unsupported: the zip file holds 2 files: a report is one file"],
    ["bzip2", "unpack unsupported: the file in the zip file is compressed by method 12"],
    ["zip-in-zip", "unpack unsupported: the zip file holds another packed file: a report is packed once"],
    ["gzip-in-zip", "unpack unsupported: the zip file holds another packed file: a report is packed once"],
    ["gzip-in-gzip", "unpack unsupported: the gzip file holds another packed file: a report is packed once"],
    ["bomb", "unpack limit_exceeded: the zip file expands to more than 33554432 bytes"],
    ["gzip-bomb", "unpack limit_exceeded: the gzip file expands to more than 33554432 bytes"],
    ["many", "unpack limit_exceeded: the zip file has 10000 entries"],
  ])("%s is refused", (kind, reason) => {
    expect(reasonOf(packed(kind))).toBe(reason);
  });

  test("a bomb that lies about its size is stopped where its bound is", () => {
    const zip = packed("bomb");
    const directory = zip.lastIndexOf(Buffer.from("PK\x01\x02", "latin1"));
    zip.writeUInt32LE(1000, directory + 24);
    expect(reasonOf(zip)).toBe("unpack limit_exceeded: the zip file expands to more than 33554432 bytes");
  });

  test("an encrypted file, a cut file, and a directory that points anywhere are refused", () => {
    const zip = packed("zip");
    const directory = zip.lastIndexOf(Buffer.from("PK\x01\x02", "latin1"));
    const changed = (offset: number, value: number): Buffer => {
      const copy = Buffer.from(zip);
      copy.writeUInt32LE(value, directory + offset);
      return copy;
    };
    expect(reasonOf(changed(8, zip.readUInt32LE(directory + 8) | 1))).toBe("unpack unsupported: the file in the zip file is encrypted");
    expect(reasonOf(changed(42, 0xffffffff))).toBe("unpack protocol_violation: the zip file is damaged: its directory points to no file");
    expect(reasonOf(changed(20, 0xffffff))).toBe("unpack protocol_violation: the zip file is damaged: its file is cut off");
    for (let length = 4; length < zip.length; length += 7)
      expect(reasonOf(zip.subarray(0, length))).toMatch(/^unpack protocol_violation: the zip file is damaged/);
    expect(reasonOf(packed("gzip").subarray(0, 100))).toBe("unpack protocol_violation: the gzip file is damaged: unexpected end of file");
  });
});
