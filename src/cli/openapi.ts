import { openApi } from '../http/openapi.ts';
import { apiRoutes, type ApiServices } from '../http/routes/index.ts';
import type { Route } from '../http/route.ts';
import { pushShapes } from '../http/shapes/push.ts';
import { version } from '../version.ts';

/** The API document as `docs/openapi.json` holds it, for readers without a running service. */
export function openApiText(): string {
  return `${JSON.stringify(openApi({ version, publicUrl: '', routes: describedRoutes(), pushes: pushShapes }), undefined, 2)}\n`;
}

/** The table of the whole API for looking at: nothing in it can be called. */
export function describedRoutes(): Route[] {
  return apiRoutes(nothing() as ApiServices);
}

/** Stands for every service: routes hold on to their services, and use them only when they are called. */
function nothing(): unknown {
  return new Proxy({}, { get: nothing });
}
