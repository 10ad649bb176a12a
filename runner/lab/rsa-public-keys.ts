/** For DKIM records of the lab, by length, in base64. The private keys were not kept. To make a key takes up to a second. */
export const RSA_PUBLIC_KEYS = {
  1024:
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCwVVEfjZJjsA7Bn5YjaTiJvYZEF3+oSQbQYimPlcK7c0OrC8zDyEWWqnfroIRG+TYuqhpMzdbuEUST76Ig" +
    "6ybco9WsaT914Kqkl7x7Nzkq5ZuNaYLOeh5eMYLD1krxSosQjgA5QBinJaIJ5pa8J63g59nfuLWImTxhorrB44e3OQIDAQAB",
  2048:
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA8TgrPCSY3yMIH7NIYFYEXLN9m62fp1GrnonmiYc7+SHJxtvOImX+D/Fup20+D5/4J5VZwXq5jSoT" +
    "KGgmzgrUKPlYsqzF1qiTvXTkic/5DUDxkxmA/7Y/1O/XAqDDqTK3FEPzgKprP9Nv7F6E8E7Txy9+PWuOyNs5z7SkwL0F+HuXUlbTqodJwdVT0j5v3uSvzRXo" +
    "bvEe8Yn3NzKbGCXHtFVCiiK//Ulz4t2uCOFX+G2qtcwer4oKSWYnJatQtYmteTnM+z5hjwlm0M4C58VOTe2llWgq/6y8K64YrFon5jq+N/QlLo6T7bBCTXVy" +
    "uZCeJ5toRc/nYWUq54GXdMo5RwIDAQAB",
};
