import { expect, test } from "vitest";
import { cmac, openSiv, sealSiv } from "../../../../runner/net/nts/aes-siv.js";

const bytes = (hex: string): Buffer => Buffer.from(hex.replace(/\s/g, ""), "hex");

/** RFC 4493, section 4. */
const CMAC_KEY = bytes("2b7e1516 28aed2a6 abf71588 09cf4f3c");
const CMAC_MESSAGE = bytes(
  "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51 30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710",
);
test.each([
  [0, "bb1d6929e95937287fa37d129b756746"],
  [16, "070a16b46b4d4144f79bdd9dd04a287c"],
  [40, "dfa66747de9ae63030ca32611497c827"],
  [64, "51f0bebf7e3b9d92fc49741779363cfe"],
])("AES-CMAC of %i bytes is that of RFC 4493", (length, expected) => {
  expect(cmac(CMAC_KEY, CMAC_MESSAGE.subarray(0, length)).toString("hex")).toBe(expected);
});

/** RFC 5297, appendix A. */
const VECTORS = [
  {
    name: "A.1, deterministic",
    key: "fffefdfc fbfaf9f8 f7f6f5f4 f3f2f1f0 f0f1f2f3 f4f5f6f7 f8f9fafb fcfdfeff",
    associated: ["10111213 14151617 18191a1b 1c1d1e1f 20212223 24252627"],
    plaintext: "11223344 55667788 99aabbcc ddee",
    sealed: "85632d07 c6e8f37f 950acd32 0a2ecc93 40c02b96 90c4dc04 daef7f6a fe5c",
  },
  {
    name: "A.2, with a nonce",
    key: "7f7e7d7c 7b7a7978 77767574 73727170 40414243 44454647 48494a4b 4c4d4e4f",
    associated: [
      "00112233 44556677 8899aabb ccddeeff deaddada deaddada ffeeddcc bbaa9988 77665544 33221100",
      "10203040 50607080 90a0",
      "09f91102 9d74e35b d84156c5 635688c0",
    ],
    plaintext: "74686973 20697320 736f6d65 20706c61 696e7465 78742074 6f20656e 63727970 74207573 696e6720 5349562d 414553",
    sealed: "7bdb6e3b 432667eb 06f4d14b ff2fbd0f cb900f2f ddbe4043 26601965 c889bf17 dba77ceb 094fa663 b7a3f748 ba8af829 ea64ad54 4a272e9c 485b62a3 fd5c0d",
  },
] as const;

test.each(VECTORS)("$name: the vector of RFC 5297, both ways", ({ key, associated, plaintext, sealed }) => {
  const parts = associated.map(bytes);
  expect(sealSiv(bytes(key), parts, bytes(plaintext)).toString("hex")).toBe(bytes(sealed).toString("hex"));
  expect(openSiv(bytes(key), parts, bytes(sealed))?.toString("hex")).toBe(bytes(plaintext).toString("hex"));
});

test("one changed bit anywhere is found", () => {
  const { key, associated, sealed } = VECTORS[1];
  const parts = associated.map(bytes);
  for (const target of [bytes(sealed), ...parts])
    for (const index of [0, target.length - 1]) {
      const flip = (buffer: Buffer): Buffer => {
        const copy = Buffer.from(buffer);
        if (buffer.equals(target)) copy[index] = (copy[index] as number) ^ 1;
        return copy;
      };
      expect(openSiv(bytes(key), parts.map(flip), flip(bytes(sealed)))).toBeNull();
    }
  expect(openSiv(bytes(key), parts, Buffer.alloc(15))).toBeNull();
});

test("an empty plaintext is authenticated, too", () => {
  const key = Buffer.alloc(32, 3);
  const sealed = sealSiv(key, [Buffer.from("header")], Buffer.alloc(0));
  expect(sealed).toHaveLength(16);
  expect(openSiv(key, [Buffer.from("header")], sealed)).toEqual(Buffer.alloc(0));
  expect(openSiv(key, [Buffer.from("Header")], sealed)).toBeNull();
});
