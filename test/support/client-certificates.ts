import { selfSigned } from "../../runner/lab/self-signed.js";

/** An authority for clients, one certificate that it issued, and one of the same name by an unknown authority. */
export function clientCertificates(name: string) {
  const [authority, stranger] = [1, 2].map(() => selfSigned({ names: ["Clients"], authority: true })) as [Issuer, Issuer];
  return {
    authority: authority.certificate,
    known: selfSigned({ names: [name], issuer: authority, of: "client" }),
    unknown: selfSigned({ names: [name], issuer: stranger, of: "client" }),
  };
}

type Issuer = ReturnType<typeof selfSigned>;
