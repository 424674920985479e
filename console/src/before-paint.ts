/*
 * Runs before the first paint and before the modules, in a separate file: the page allows no inline script. It must not import
 * anything. It begins what would come later one after the other: the files of the page at this address, the session, and the
 * requests that the page will make.
 */
{
  type Calls = readonly (readonly [path: string, body: object])[];
  interface Requests {
    readonly everywhere: Calls;
    readonly byAddress: Readonly<Record<string, Calls>>;
  }
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
  const written = (name: string): string =>
    document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '{}';
  for (const [prefix, files] of Object.entries(JSON.parse(written('tocsin-files')) as Record<string, string[]>)) {
    if (path !== prefix && !path.startsWith(`${prefix}/`)) continue;
    for (const href of files) {
      document.head.append(
        Object.assign(document.createElement('link'), { rel: 'modulepreload', crossOrigin: '', href }),
      );
    }
  }
  if (!path.startsWith('/sign-in')) {
    const headers = { 'content-type': 'application/json' };
    const begun = new Map<string, { readonly at: number; readonly answer: Promise<Response> }>();
    const begin = (call: string, body: string): Promise<Response> => {
      const asked = fetch(call, { method: 'POST', credentials: 'same-origin', headers, body });
      // Read to its end, also where nobody wants it: a page that is not there asks for no session, and kept its request open.
      const answer = asked.then(async (one) => new Response(await one.arrayBuffer(), one));
      // A failure is of those who wait for it, if they do.
      answer.catch(() => undefined);
      begun.set(`${call} ${body}`, { at: performance.now(), answer });
      return answer;
    };
    Object.assign(globalThis, { tocsinBegun: begun });
    const { everywhere, byAddress } = JSON.parse(written('tocsin-requests')) as Requests;
    const calls = [...((location.search === '' ? byAddress[path] : undefined) ?? []), ...everywhere];
    // Somebody who is not signed in is refused once.
    void begin('/session/info', '{}').then(
      (answer) => {
        if (answer.ok) for (const [call, body] of calls) void begin(call, JSON.stringify(body));
      },
      () => undefined,
    );
  }
}
