/** Where to go after signing in: a path of this site, or the start. `//evil` and `/\evil` are addresses of others. */
export function nextPath(wanted: string | undefined): string {
  if (wanted === undefined || !/^\/(?![/\\])/.test(wanted)) return '/';
  const url = new URL(wanted, 'http://console.invalid');
  if (url.host !== 'console.invalid' || url.pathname.startsWith('/sign-in')) return '/';
  return `${url.pathname}${url.search}`;
}
