import { openApi } from '../http/openapi/document.ts';
import { apiRoutes, type ApiServices } from '../http/routes/index.ts';
import type { Route } from '../http/routes/route.ts';
import { pushShapes } from '../http/schemas/push.ts';
import { version } from '../version.ts';

/** The API document as `docs/openapi.json` holds it, for readers without a running service. */
export async function openApiText(): Promise<string> {
  const document = await openApi({ version, publicUrl: '', routes: describedRoutes(), pushes: pushShapes });
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** The table of the whole API, for description only: nothing in it can be called. */
export function describedRoutes(): Route[] {
  return apiRoutes(nothing() as ApiServices);
}

/** Stands for every service: routes keep their services and use them only when called. */
function nothing(): unknown {
  return new Proxy({}, { get: nothing });
}
