/** One message in a folder, one character a byte (latin1) wherever its text is asked for. */
export class StoredMessage {
  /** In the order in which they were set. */
  readonly flags = new Set<string>();
  #text: string | null = null;
  #fields: readonly HeaderField[] | null = null;

  constructor(
    readonly uid: number,
    readonly raw: Buffer,
    readonly internalDate: Date,
  ) {}

  get text(): string {
    this.#text ??= this.raw.toString("latin1");
    return this.#text;
  }

  /** With the empty line that ends it. */
  get header(): string {
    return this.text.slice(0, this.#bodyAt);
  }

  get body(): string {
    return this.text.slice(this.#bodyAt);
  }

  get fields(): readonly HeaderField[] {
    this.#fields ??= fieldsOf(this.header);
    return this.#fields;
  }

  /** The values of the fields of that name, unfolded. */
  values(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.fields.filter((field) => field.name === wanted).map(({ value }) => value);
  }

  get #bodyAt(): number {
    if (this.text.startsWith("\r\n")) return 2;
    const end = this.text.indexOf("\r\n\r\n");
    return end === -1 ? this.text.length : end + 4;
  }
}

export interface HeaderField {
  /** In lower case. */
  name: string;
  value: string;
  /** Unchanged, with its line ends. */
  whole: string;
}

/** RFC 5322, 2.2.3: a line that begins with a space or a tab continues the field before it. */
function fieldsOf(header: string): HeaderField[] {
  const wholes = header.match(/^[^\s:][^:\r\n]*:.*\r\n(?:[ \t].*\r\n)*/gm) ?? [];
  return wholes.map((whole) => {
    const colon = whole.indexOf(":");
    const value = whole.slice(colon + 1).replace(/\r\n(?=[ \t])/g, "");
    return { name: whole.slice(0, colon).trimEnd().toLowerCase(), value: value.trim(), whole };
  });
}
