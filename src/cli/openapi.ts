import { openApi } from '../http/openapi/document.ts';
import { referencePage } from '../http/reference/page.ts';
import type { Json } from '../http/openapi/schemas.ts';
import { apiRoutes, type ApiServices } from '../http/routes/index.ts';
import type { Route } from '../http/routes/route.ts';
import { pushShapes } from '../http/schemas/push.ts';
import { builtDocuments } from '../http/server/built-documents.ts';
import { version } from '../version.ts';

/** The API document as `docs/openapi.json` holds it, for readers without a running service. */
export async function openApiText(): Promise<string> {
  return `${JSON.stringify(await wholeDocument(), undefined, 2)}\n`;
}

/** The files that the build lays beside the bundle, by their names. */
export async function keptDocuments(): Promise<Readonly<Record<string, string>>> {
  const document = await wholeDocument();
  return { [builtDocuments.document]: JSON.stringify(document), [builtDocuments.page]: await referencePage(document) };
}

function wholeDocument(): Promise<Json> {
  return openApi({ version, publicUrl: '', routes: describedRoutes(), pushes: pushShapes });
}

/** The table of the whole API, for description only: nothing in it can be called. */
export function describedRoutes(): Route[] {
  return apiRoutes(nothing() as ApiServices);
}

/** Stands for every service: routes keep their services and use them only when called. */
function nothing(): unknown {
  return new Proxy({}, { get: nothing });
}
