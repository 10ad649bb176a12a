/** JSON's spelling of values other than texts, so that 007 and 1_000 stay texts. */
const SPELT = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** What a text spells where it may be something else than a text. */
export function spellingOf(text: string): unknown {
  return SPELT.test(text) ? (JSON.parse(text) as unknown) : text;
}
