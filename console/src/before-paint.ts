/*
 * Runs before the first paint and before the modules, in a separate file: the page allows no inline script. It must not import
 * anything. It begins what would come later one after the other: the files of the page at this address, and the session.
 */
{
  const root = document.documentElement;
  let theme: string | null = null;
  try {
    theme = localStorage.getItem('tocsin.theme');
    root.lang = localStorage.getItem('tocsin.language') ?? 'en';
  } catch {
    // Storage is forbidden in this browser: the theme of the system, and English.
  }
  const dark = theme === 'dark' || (theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset['theme'] = dark ? 'dark' : 'light';

  const path = location.pathname === '/' ? '/incident' : location.pathname;
  const rooms = document.querySelector<HTMLMetaElement>('meta[name="tocsin-files"]')?.content ?? '{}';
  for (const [prefix, files] of Object.entries(JSON.parse(rooms) as Record<string, string[]>)) {
    if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
    for (const href of files) {
      document.head.append(
        Object.assign(document.createElement('link'), { rel: 'modulepreload', crossOrigin: '', href }),
      );
    }
  }
  if (!path.startsWith('/sign-in')) {
    const headers = { 'content-type': 'application/json' };
    const asked = fetch('/session/info', { method: 'POST', credentials: 'same-origin', headers, body: '{}' });
    // Read to its end, also where nobody wants it: a page that is not there asks for no session, and kept its request open.
    const begun = asked.then(async (answer) => new Response(await answer.arrayBuffer(), answer));
    // A failure is of those who wait for it, if they do.
    begun.catch(() => undefined);
    Object.assign(globalThis, { tocsinSession: begun });
  }
}
