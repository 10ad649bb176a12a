import { uint16, uint32, unicode } from "./encode.js";

export interface Login {
  readonly username: string;
  readonly password: string;
  readonly database: string | null;
  readonly serverName: string;
  /** TLS from the first byte is version 8 of the protocol. */
  readonly isVersion8: boolean;
}

const VERSION = { seven: 0x74_00_00_04, eight: 0x08_00_00_00 } as const;
const PACKET_BYTES = 4096;
/** The database must be there, and its change is announced; the session has the settings of ODBC. */
const FLAGS = { one: 0xe0, two: 0x03, type: 0, three: 0 } as const;
const FIXED_BYTES = 94;
const CLIENT = "probe-run";

/** LOGIN7 ([MS-TDS] 2.2.6.4): numbers, the places of the texts, the texts. */
export function encodeLogin({ username, password, database, serverName, isVersion8 }: Login): Buffer {
  const texts = [CLIENT, username, password, CLIENT, serverName, "", CLIENT, "", database ?? ""].map((text, index) =>
    index === 2 ? scrambled(text) : unicode(text),
  );
  let offset = FIXED_BYTES;
  const place = (text: Buffer): Buffer => {
    const bytes = Buffer.concat([uint16(offset), uint16(text.length / 2)]);
    offset += text.length;
    return bytes;
  };
  const places = texts.map(place);
  const none = Buffer.alloc(0);
  const rest = Buffer.concat([...places, Buffer.alloc(6), place(none), place(none), place(none), uint32(0), ...texts]);
  const numbers = [isVersion8 ? VERSION.eight : VERSION.seven, PACKET_BYTES, 0, 0, 0].map(uint32);
  const flags = Buffer.of(FLAGS.one, FLAGS.two, FLAGS.type, FLAGS.three);
  const body = Buffer.concat([...numbers, flags, uint32(0), uint32(0), rest]);
  return Buffer.concat([uint32(body.length + 4), body]);
}

/** The halves of each byte change places, and 0xA5 is XORed. It hides a password from a glance only: TLS protects it. */
function scrambled(password: string): Buffer {
  return Buffer.from(unicode(password).map((byte) => (((byte & 0x0f) << 4) | (byte >> 4)) ^ 0xa5));
}
