/** How much of a document is read: anybody may have written it. */
export const XML_LIMITS = {
  /** The largest document that is read is an aggregate report of 32 MiB. */
  characters: 32 * 1024 * 1024,
  depth: 128,
  /** Of one element. */
  attributes: 200,
  nameCharacters: 100,
} as const;
