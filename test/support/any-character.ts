import fc from "fast-check";

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any character of Unicode, for `fc.string({ unit })`. The unit "binary" of fast-check means the same, but makes a table of 1.1 million characters in
 * each process, which takes a second and 100 MB.
 */
export const anyCharacter = fc.nat(0x10ffff - SURROGATES.count).map(
  (index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  (value) => {
    const point = typeof value === "string" ? value.codePointAt(0) : undefined;
    if (point === undefined || String.fromCodePoint(point) !== value) throw new Error("this is not one character");
    return point < SURROGATES.first ? point : point - SURROGATES.count;
  },
);
