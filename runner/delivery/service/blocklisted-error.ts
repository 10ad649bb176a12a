import type { BlocklistAnswer } from "../../../schemas/blocklist.js";

/** A block list contains an address that mail is sent from. Mail is still sent; the listing must be resolved with the list's operator. */
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
