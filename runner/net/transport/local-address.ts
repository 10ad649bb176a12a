import { createSocket } from "node:dgram";

/** Addresses of documentation (RFC 5737, RFC 3849): only the route of a machine to the internet leads there. */
const OUTSIDE = { 4: "192.0.2.1", 6: "2001:db8::1" } as const;

/**
 * The address that this machine uses for connections to the internet; null if no route leads there.
 * A connected UDP socket makes the system choose one, and sends no packet.
 */
export function outgoingAddress(family: 4 | 6): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = createSocket(`udp${family}`);
    const end = (address: string | null): void => {
      socket.close();
      resolve(address);
    };
    socket.once("error", () => end(null));
    socket.connect(9, OUTSIDE[family], () => end(socket.address().address));
  });
}
