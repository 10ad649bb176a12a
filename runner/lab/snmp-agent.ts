import { childrenOf, elementAt, integerOf, objectIdentifierOf } from "../asn1/decode-ber.js";
import { integer, objectIdentifier, octets, sequence } from "../asn1/encode-der.js";
import { compareOids } from "../net/snmp/oid.js";
import { PDU } from "../net/snmp/pdu.js";
import { listenUdp, type UdpListener } from "../net/udp/listen.js";

const NO_SUCH_OBJECT = Buffer.from([0x80, 0]);
const END_OF_MIB_VIEW = Buffer.from([0x82, 0]);

/** A small agent of version 2c: GET and GETNEXT over a table of texts and numbers. A wrong community is answered with silence. */
export function startSnmpAgent(
  objects: Readonly<Record<string, string | number>>,
  { port = 0, community = "public" }: { port?: number; community?: string } = {},
): Promise<UdpListener> {
  const names = Object.keys(objects).sort(compareOids);
  const variable = (name: string): Buffer => {
    const value = objects[name] as string | number;
    return sequence(objectIdentifier(name), typeof value === "number" ? integer(value) : octets(Buffer.from(value)));
  };
  const answer = (kind: number, name: string): Buffer => {
    if (kind === PDU.get) return Object.hasOwn(objects, name) ? variable(name) : sequence(objectIdentifier(name), NO_SUCH_OBJECT);
    const next = names.find((each) => compareOids(each, name) > 0);
    return next === undefined ? sequence(objectIdentifier(name), END_OF_MIB_VIEW) : variable(next);
  };
  return listenUdp(
    (datagram, send) => {
      try {
        const [version, given, pdu] = childrenOf(elementAt(datagram));
        if (version === undefined || pdu === undefined || integerOf(version) !== 1 || given?.content.toString() !== community) return;
        const [requestId, , , variables] = childrenOf(pdu);
        if (requestId === undefined || variables === undefined) return;
        const asked = childrenOf(variables).map((each) => objectIdentifierOf(childrenOf(each)[0] as never));
        const reply = sequence(requestId.bytes, integer(0), integer(0), sequence(...asked.map((name) => answer(pdu.tag, name))));
        reply[0] = PDU.response;
        send(sequence(integer(1), octets(Buffer.from(community)), reply));
      } catch {
        // What cannot be read is not answered.
      }
    },
    { port },
  );
}
