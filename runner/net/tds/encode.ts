/** Parts of messages, by the names of [MS-TDS] 2.2.5. */
export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function text8(text: string): Buffer {
  return Buffer.concat([Buffer.of(text.length), unicode(text)]);
}

export function unicode(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}
