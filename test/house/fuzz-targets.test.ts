import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { corpusOf } from "../fuzz/fuzz.js";
import { NOT_HOSTILE, TARGETS } from "../fuzz/targets.js";
import { REPO, sourcesIn } from "./files.js";

/** Rooms whose parsers read data from a peer, a message or a foreign file. */
const ROOMS = [
  ...["asn1", "data", "mail", "net", "posture", "queue", "replies", "report", "serve", "suite", "tls-policy", "tls-scan", "watch", "xml"].map(
    (room) => `runner/${room}`,
  ),
  "probes",
];
/** A parser by its name: an exported function parse…, read…, decode… of a text or bytes, or an exported class …Parser, …Framer, …Reader, …Decoder. */
const PARSER =
  /^export (?:async )?(?:function (?:parse|read|decode)[A-Z]\w*\((?:bytes|text|message|body|records?|texts|value|sent|written|reply|frame|challenge)\b|class \w+(?:Parser|Framer|Reader|Decoder)\b)/m;
/** Addresses of servers and files that our own user writes. */
const OF_THE_USER = /\/(?:address|webhook\/|parse-limits)/;

const parsers = ROOMS.flatMap(sourcesIn).filter((file) => !OF_THE_USER.test(file) && PARSER.test(readFileSync(join(REPO, file), "utf8")));
const fuzzed = Object.values(TARGETS).flatMap(({ modules }) => modules);

describe("every parser of hostile text is fuzzed", () => {
  test("the rule finds parsers", () => {
    expect(parsers.length).toBeGreaterThan(25);
  });

  test.each(parsers)("%s", (file) => {
    expect([...fuzzed, ...Object.keys(NOT_HOSTILE)], "add a target to test/fuzz/targets.ts, with a corpus in fixtures/fuzz").toContain(file);
  });

  test("the table names files that are there, each once", () => {
    const named = [...fuzzed, ...Object.keys(NOT_HOSTILE)];
    expect(named.filter((file) => !existsSync(join(REPO, file)))).toEqual([]);
    expect(named.filter((file, index) => named.indexOf(file) !== index)).toEqual([]);
  });

  test.each(Object.keys(TARGETS))("%s has a corpus", (name) => {
    expect(corpusOf(name).length).toBeGreaterThan(0);
  });
});
