// Why a certificate was not accepted, in words, by the names that Bun gives the verdicts.

const TLS_REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet; check this machine's clock",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "a certificate in its chain is self-signed",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another host name",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is signed by a CA that is not known here",
  UNABLE_TO_GET_ISSUER_CERT: "the CA that signed its certificate is not known here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the CA that signed its certificate is not known here",
  CERT_SIGNATURE_FAILURE: "a certificate in its chain is not signed by the CA that it names",
  CERT_REVOKED: "its certificate was revoked",
  CERT_UNTRUSTED: "its certificate is not trusted here",
  CERT_REJECTED: "its certificate is not trusted here",
  HOSTNAME_MISMATCH: "its certificate is for another host name",
  INVALID_CA: "a certificate in its chain is not valid for this purpose",
  INVALID_PURPOSE: "a certificate in its chain is not valid for this purpose",
  PATH_LENGTH_EXCEEDED: "its chain of certificates is too long",
  CERT_CHAIN_TOO_LONG: "its chain of certificates is too long",
};

/**
 * The verifier's other verdicts on a certificate, by the names that Bun gives them; too rare for words of their own.
 */
const TLS_REJECTIONS: ReadonlySet<string> = new Set([
  "AKID_ISSUER_SERIAL_MISMATCH",
  "AKID_SKID_MISMATCH",
  "APPLICATION_VERIFICATION",
  "EMAIL_MISMATCH",
  "ERROR_IN_CERT_NOT_AFTER_FIELD",
  "ERROR_IN_CERT_NOT_BEFORE_FIELD",
  "EXCLUDED_VIOLATION",
  "INVALID_EXTENSION",
  "INVALID_NON_CA",
  "INVALID_POLICY_EXTENSION",
  "IP_ADDRESS_MISMATCH",
  "KEYUSAGE_NO_CERTSIGN",
  "NAME_CONSTRAINTS_WITHOUT_SANS",
  "NO_EXPLICIT_POLICY",
  "PERMITTED_VIOLATION",
  "SUBJECT_ISSUER_MISMATCH",
  "SUBTREE_MINMAX",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "UNABLE_TO_DECRYPT_CERT_SIGNATURE",
  "UNHANDLED_CRITICAL_EXTENSION",
  "UNKNOWN_CERTIFICATE_VERIFICATION_ERROR",
  "UNSUPPORTED_CONSTRAINT_SYNTAX",
  "UNSUPPORTED_CONSTRAINT_TYPE",
  "UNSUPPORTED_NAME_SYNTAX",
]);

/** The certificate may be in order, but is another host's. */
export const NAME_CODES: ReadonlySet<string> = new Set([
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "IP_ADDRESS_MISMATCH",
]);

/** undefined if the code is not about a certificate. */
export function tlsReason(code: string): string | undefined {
  return TLS_REASONS[code] ?? (TLS_REJECTIONS.has(code) ? "its certificate was not accepted" : undefined);
}
