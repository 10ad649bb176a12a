import { type AcceptedSocket, type Listener, listen } from "../../runner/net/transport/listen.js";
import { sendInWay, type Way } from "./byte-ways.js";

/** A server that sends each of these texts (latin1) when the client has spoken again, and stays connected; `first` is sent unasked. */
export function peer(answers: readonly string[], way: Way = "whole", first = ""): Promise<Listener> {
  return listen((socket) => {
    const left = [...answers];
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.on("data", () => void sendInWay(socket, left.shift() ?? "", way));
    if (first !== "") void sendInWay(socket, first, way);
  });
}

/** A server that sends this again and again as soon as the client has spoken, as long as the client reads. */
export function endless(portion: string, first = ""): Promise<Listener> {
  return listen((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.once("data", () => flood(socket, Buffer.from(portion, "latin1")));
    if (first !== "") socket.write(first, "latin1");
  });
}

/** The same, without waiting for the client. */
export function endlessUnasked(portion: string): Promise<Listener> {
  return listen((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("end", () => socket.end());
    socket.resume();
    flood(socket, Buffer.from(portion, "latin1"));
  });
}

function flood(socket: AcceptedSocket, portion: Buffer): void {
  while (!socket.destroyed) if (!socket.write(portion)) break;
  socket.once("drain", () => flood(socket, portion));
}
