import type { Answer } from "dns-packet";
import { expectTypeOf, test } from "vitest";
import type { WireRecord } from "../../../../runner/net/dns/records.js";

// Checked by tsc.
test("our record types match those of dns-packet, which decodes them", () => {
  expectTypeOf<WireRecord>().toExtend<Answer>();
  expectTypeOf<Exclude<Answer, { type: "OPT" }>["type"]>().toEqualTypeOf<WireRecord["type"]>();
  expectTypeOf<Extract<Answer, { type: "MX" }>>().toExtend<WireRecord>();
  expectTypeOf<Extract<Answer, { type: "TXT" }>>().toExtend<WireRecord>();
  expectTypeOf<Extract<Answer, { type: "RRSIG" }>>().toExtend<WireRecord>();
  expectTypeOf<Extract<Answer, { type: "TLSA" }>>().toExtend<WireRecord>();
});
