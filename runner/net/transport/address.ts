/** An IP address to dial. */
export interface Address {
  address: string;
  family: 4 | 6;
}
