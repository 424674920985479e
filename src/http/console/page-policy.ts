/** What a browser may do with a page of ours: run and show what this server sent, speak to this server, and no more. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  // No text ever becomes markup or code, by whatever way: the browser itself refuses.
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Sent with each page and asset, beside what every answer has. */
export const pagePolicy: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};
