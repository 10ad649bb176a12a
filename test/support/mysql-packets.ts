/** Packets of the MySQL protocol as text (latin1), as a server writes them. */
export function mysqlPacket(number: number, body: string): string {
  const header = Buffer.alloc(4);
  header.writeUIntLE(body.length, 0, 3);
  header[3] = number;
  return header.toString("latin1") + body;
}

export const MYSQL_NONCE = "abcdefghijklmnopqrst";
export const MYSQL_OK = "\0\0\0\x02\0\0\0";

/** Version 10, its connection, a nonce in two parts, and capabilities. */
export const mysqlGreeting = (plugin: string, low = "\x01\x8a"): string =>
  mysqlPacket(0, `\x0a8.4.0\0\x01\0\0\0${MYSQL_NONCE.slice(0, 8)}\0${low}\x2d\x02\0\x08\0\x15${"\0".repeat(10)}${MYSQL_NONCE.slice(8)}\0${plugin}\0`);

export const mysqlError = (number: number, state = "#HY000"): string => `\xff${String.fromCharCode(number & 255, number >> 8)}${state}no`;
