// Runs before the first paint, in a separate file: the page allows no inline script. It must not import anything.
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
}
