/** What a record holds, by its type, as dns-packet decodes it. These are our own types: probes see them, and no type of a dependency is published. */
interface RecordData extends Bytes {
  A: string;
  AAAA: string;
  CAA: { issuerCritical?: boolean | undefined; flags?: number | undefined; tag: "issue" | "issuewild" | "iodef"; value: string };
  CNAME: string;
  DNAME: string;
  DNSKEY: { flags: number; algorithm: number; key: Buffer };
  DS: { keyTag: number; algorithm: number; digestType: number; digest: Buffer };
  HINFO: { cpu: string; os: string };
  MX: { preference?: number | undefined; exchange: string };
  NAPTR: { order: number; preference: number; flags: string; services: string; regexp: string; replacement: string };
  NS: string;
  NSEC: { nextDomain: string; rrtypes: string[] };
  NSEC3: { algorithm: number; flags: number; iterations: number; salt: Buffer; nextDomain: Buffer; rrtypes: string[] };
  PTR: string;
  RP: { mbox: string; txt: string };
  RRSIG: {
    typeCovered: string;
    algorithm: number;
    labels: number;
    originalTTL: number;
    expiration: number;
    inception: number;
    keyTag: number;
    signersName: string;
    signature: Buffer;
  };
  SOA: {
    mname: string;
    rname: string;
    serial?: number | undefined;
    refresh?: number | undefined;
    retry?: number | undefined;
    expire?: number | undefined;
    minimum?: number | undefined;
  };
  SRV: { port: number; target: string; priority?: number | undefined; weight?: number | undefined };
  SSHFP: { algorithm: number; hash: number; fingerprint: string };
  TLSA: { usage: number; selector: number; matchingType: number; certificate: Buffer };
  TXT: string | Buffer | (string | Buffer)[];
}

/** Types that dns-packet leaves undecoded. */
type Bytes = Record<UndecodedType, Buffer>;
type UndecodedType =
  | "AFSDB"
  | "APL"
  | "AXFR"
  | "CDNSKEY"
  | "CDS"
  | "CERT"
  | "DHCID"
  | "DLV"
  | "HIP"
  | "IPSECKEY"
  | "IXFR"
  | "KEY"
  | "KX"
  | "LOC"
  | "NSEC3PARAM"
  | "NULL"
  | "SIG"
  | "TA"
  | "TKEY"
  | "TSIG"
  | "URI";

export type RecordType = keyof RecordData;

/** What a record of a type holds. */
export type DataOf<Type extends RecordType> = RecordData[Type];

/** One record as it came over the wire. */
export type WireRecord = { [Type in RecordType]: RecordOf<Type> }[RecordType];

interface RecordOf<Type extends RecordType> {
  type: Type;
  name: string;
  ttl?: number | undefined;
  class?: "IN" | "CS" | "CH" | "HS" | "ANY" | undefined;
  flush?: boolean | undefined;
  data: RecordData[Type];
}
