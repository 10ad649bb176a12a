import type { Answer as PacketRecord } from "dns-packet";

/** One record as it came over the wire. Its data is what dns-packet makes of it. */
export type WireRecord = Exclude<PacketRecord, { type: "OPT" }>;
export type RecordType = WireRecord["type"];

/** What a record of a type holds. */
export type DataOf<Type extends RecordType> = WireRecord extends infer Member
  ? Member extends { type: infer Types; data: infer Data }
    ? Type extends Types
      ? Data
      : never
    : never
  : never;
