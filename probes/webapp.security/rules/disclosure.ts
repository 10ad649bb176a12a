import { fieldValues } from "../../../runner/net/http/message.js";
import { securityTxtFaults } from "../security-txt.js";
import { not, pass, type Rules } from "./rule.js";

const HALF_A_YEAR_MS = 15_768_000_000;

/** What a site says of itself. */
export const DISCLOSURE: Rules = {
  version_leak({ fields }) {
    const leaks = ["server", "x-powered-by", "x-aspnet-version", "x-aspnetmvc-version", "x-generator"].flatMap((name) =>
      fieldValues(fields, name).flatMap((value) => (/[0-9]\.[0-9]/.test(value) ? [{ name, value }] : [])),
    );
    const [first] = leaks;
    if (first === undefined) return pass("no software version is shown");
    const evidence = leaks.map(({ name, value }) => `${name}: ${value}`);
    // The only one that is of use to a client.
    const product = /^[A-Za-z][A-Za-z_-]*/.exec(first.value)?.[0];
    const fix = first.name === "server" && product !== undefined ? `Server: ${product}` : null;
    return not("warning", fix === null ? `the software's version is shown: leave out ${first.name}` : "the software's version is shown", evidence, fix);
  },

  // RFC 9116.
  security_txt({ securityTxt, url }) {
    const fix = `Contact: mailto:security@${url.hostname}\nExpires: a date within a year, such as ${new Date(Date.now() + HALF_A_YEAR_MS).toISOString().slice(0, 10)}T00:00:00Z`;
    if (securityTxt === null || securityTxt.status !== 200) return not("warning", "there is no /.well-known/security.txt", [], fix);
    const { faults, evidence } = securityTxtFaults(securityTxt.text, securityTxt.type, Date.now());
    return faults.length === 0
      ? pass("security.txt says where to report", evidence)
      : not("warning", `/.well-known/security.txt: ${faults.join("; ")}`, evidence, fix);
  },
};
