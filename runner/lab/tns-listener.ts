import { encodeTns, TNS } from "../net/tns/packet.js";
import { type AcceptedSocket, type Listener, listen } from "../net/transport/listen.js";

/** An Oracle listener without a database behind it. */
export interface TnsListenerSettings {
  readonly port?: number;
  /** Services that it hands sessions to, which then say nothing. */
  readonly services?: readonly string[];
  /** The reason for refusing any other: 12514 if it is not set. */
  readonly error?: number;
  /** VSNNUM: 19.0.0.0.0 if it is not set. */
  readonly version?: number;
}

const HEADER_BYTES = 8;
const VERSION_19 = 0x1300_0000;
const ACCEPT_BODY_BYTES = 37;

export function startTnsListener(settings: TnsListenerSettings = {}): Promise<Listener> {
  return listen((socket) => serve(socket, settings), { port: settings.port ?? 0 });
}

function serve(socket: AcceptedSocket, settings: TnsListenerSettings): void {
  let heard = Buffer.alloc(0);
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.on("data", (bytes: Buffer) => {
    heard = Buffer.concat([heard, bytes]);
    if (heard.length < HEADER_BYTES || heard.length < heard.readUInt16BE(0)) return;
    const request = heard;
    heard = Buffer.alloc(0);
    // What follows a CONNECT is for the database.
    if (request[4] === TNS.connect) socket.write(answerTo(request.toString("latin1"), settings));
  });
}

function answerTo(request: string, { services = [], error = 12514, version = VERSION_19 }: TnsListenerSettings): Buffer {
  if (request.includes("(COMMAND=ping)")) return refusal(`(DESCRIPTION=(TMP=)(VSNNUM=${version})(ERR=0)(ALIAS=LISTENER))`);
  const [, service = ""] = /\((?:SERVICE_NAME|SID)=([^()]*)\)/.exec(request) ?? [];
  if (!services.includes(service)) return refusal(`(DESCRIPTION=(TMP=)(VSNNUM=${version})(ERR=${error})(ERROR_STACK=(ERROR=(CODE=${error})(EMFI=4))))`);
  const body = Buffer.alloc(ACCEPT_BODY_BYTES);
  body.writeUInt16BE(319, 0);
  body.writeUInt16BE(8192, 4);
  // The sizes of packets, for clients since version 12.2.
  body.writeUInt32BE(8192, 24);
  body.writeUInt32BE(65_535, 28);
  return encodeTns(TNS.accept, body);
}

function refusal(text: string): Buffer {
  const header = Buffer.alloc(4);
  header[0] = 34;
  header.writeUInt16BE(text.length, 2);
  return encodeTns(TNS.refuse, Buffer.concat([header, Buffer.from(text)]));
}
