/** What a page may still hold. What does not fit is left out, and counted. */
export class PageSpace {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** The pieces that fit within this share of what is left. The first one that does not fit ends them. */
  fitting<Piece>(pieces: readonly Piece[], textOf: (piece: Piece, index: number) => string, share = 1): { readonly texts: string[]; readonly omitted: number } {
    let own = this.#left * share;
    const texts: string[] = [];
    for (const [index, piece] of pieces.entries()) {
      const text = textOf(piece, index);
      const bytes = Buffer.byteLength(text) + 1;
      if (bytes > own) break;
      own -= bytes;
      this.#left -= bytes;
      texts.push(text);
    }
    return { texts, omitted: pieces.length - texts.length };
  }
}
