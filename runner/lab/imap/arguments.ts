import { BadCommand } from "./bad-command.js";

/** Reads a command's arguments from the left (RFC 9051, section 9). */
export class Arguments {
  #at = 0;

  constructor(readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at >= this.text.length;
  }

  get rest(): string {
    return this.text.slice(this.#at);
  }

  /** Takes what the pattern matches here; null when it does not. */
  take(pattern: RegExp): string | null {
    const sticky = new RegExp(pattern.source, `${pattern.flags.replace("y", "")}y`);
    sticky.lastIndex = this.#at;
    const [found] = sticky.exec(this.text) ?? [];
    if (found === undefined) return null;
    this.#at += found.length;
    return found;
  }

  expect(pattern: RegExp, what: string): string {
    const found = this.take(pattern);
    if (found === null) throw new BadCommand(`expected ${what} at ${this.isAtEnd ? "the end" : JSON.stringify(this.rest.slice(0, 20))}`);
    return found;
  }

  space(): void {
    this.expect(/ /, "a space");
  }

  end(): void {
    this.expect(/$/, "nothing more");
  }

  atom(what: string): string {
    return this.expect(/[^\s(){%*"\\\]]+/, what);
  }

  /** An atom, a quoted string or a literal. */
  astring(what: string): string {
    return this.#string() ?? this.expect(/[^\s(){%*"\\]+/, what);
  }

  /** A folder's name with `*` and `%` as wildcards. */
  pattern(what: string): string {
    return this.#string() ?? this.expect(/[^\s(){"\\]+/, what);
  }

  /** The items in round brackets, each read by the function; or a single one without brackets. */
  list<Item>(item: () => Item): Item[] {
    if (this.take(/\(/) === null) return [item()];
    const items: Item[] = [];
    while (this.take(/\)/) === null) {
      if (items.length > 0) this.space();
      items.push(item());
    }
    return items;
  }

  #string(): string | null {
    const quoted = this.take(/"(?:[^"\\\r\n]|\\["\\])*"/y);
    if (quoted !== null) return quoted.slice(1, -1).replace(/\\(.)/g, "$1");
    const announced = this.take(/\{\d+\+?\}\r\n/);
    if (announced === null) return null;
    const size = Number.parseInt(announced.slice(1), 10);
    const literal = this.text.slice(this.#at, this.#at + size);
    this.#at += size;
    return literal;
  }
}
