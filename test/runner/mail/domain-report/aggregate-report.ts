/** A report with these records, as RFC 9990 writes it. */
export function feedback(...records: string[]): string {
  return `<?xml version="1.0"?><feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0"><report_metadata><org_name>r.example</org_name><report_id>1</report_id><date_range><begin>1</begin><end>2</end></date_range></report_metadata><policy_published><domain>example.org</domain><p>none</p></policy_published>${records.join("")}</feedback>`;
}

export function record({ ip = "192.0.2.1", count = "1", disposition = "none", dkim = "fail", spf = "fail", more = "" }): string {
  return `<record><row><source_ip>${ip}</source_ip><count>${count}</count><policy_evaluated><disposition>${disposition}</disposition><dkim>${dkim}</dkim><spf>${spf}</spf>${more}</policy_evaluated></row></record>`;
}
