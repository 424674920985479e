/** Where the console has pages: operations of the API are POST, and pages GET, so that they may share names. */
const pages: readonly string[] = [
  '/',
  '/sign-in',
  '/sign-in/link',
  '/welcome',
  '/welcome/guide',
  '/incident',
  '/incident/detail/:id',
  '/alert',
  '/alert/detail/:id',
  '/delivery',
  '/delivery/:number/:id',
  '/integration-center',
  '/integration-center/source',
  '/integration-center/source/new',
  '/integration-center/source/:number',
  '/integration-center/webhook',
  '/integration-center/webhook/new',
  '/integration-center/webhook/:number',
  '/integration-center/action',
  '/integration-center/action/new',
  '/integration-center/action/:number',
  '/channel',
  '/channel/:number',
  '/people',
  '/people/:number',
  '/people/team/:number',
  '/settings',
  '/settings/profile',
  '/settings/sessions',
  '/settings/keys',
  '/settings/fields',
  '/settings/audit',
  '/settings/system',
];

/**
 * The first segments of all pages: any path below one of them, requested as a page, gets one, if only "nothing here".
 */
export const pageRoots: readonly string[] = [
  ...new Set(pages.filter((page) => page !== '/').map((page) => `/${page.split('/')[1]}`)),
];

const patterns = pages.map(
  (page) => new RegExp(`^${page.replaceAll(':number', '\\d+').replaceAll(':id', '[^/]+')}/?$`),
);

/** @param path without its query. */
export function isPage(path: string): boolean {
  return patterns.some((pattern) => pattern.test(path));
}
