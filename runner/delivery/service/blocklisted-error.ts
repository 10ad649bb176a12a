import type { BlocklistAnswer } from "../../../schemas/blocklist.js";

/** A block list has an address that mail is sent from. Nothing is held back for it; somebody has to see to it. */
export class BlocklistedError extends Error {
  override readonly name = "BlocklistedError" as const;
  readonly address: string;
  readonly list: string;
  readonly codes: BlocklistAnswer["codes"];

  constructor({ target, list, codes, text }: BlocklistAnswer) {
    const why = [...codes.map(({ code, meaning }) => (meaning === null ? code : `${code}, ${meaning}`)), ...text].join("; ");
    super(`${list} lists the address ${target}, from which mail is sent: ${why}`);
    this.address = target;
    this.list = list;
    this.codes = codes;
  }
}
