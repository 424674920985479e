import type { Json } from '../openapi/schemas.ts';
import { textOf } from './fields.ts';

/** One operation or push, as the page shows it. */
export interface DocumentedOperation {
  readonly id: string;
  readonly tag: string;
  readonly method: string;
  /** The path, or the type of push. */
  readonly title: string;
  readonly summary: string;
  readonly description: string;
  readonly parts: readonly { readonly heading: string; readonly schema: Json }[];
  readonly example: unknown;
  /** The statuses of its answers, with commas. */
  readonly statuses: string;
}

export function operationsOf(document: Json): DocumentedOperation[] {
  const read = (section: string, write: (name: string, method: string) => [method: string, title: string]) =>
    Object.entries((document[section] ?? {}) as Record<string, Record<string, Operation>>).flatMap(([name, methods]) =>
      Object.entries(methods).map(([method, operation]) => documented(document, write(name, method), operation)),
    );
  return [
    ...read('paths', (path, method) => [method.toUpperCase(), path]),
    ...read('webhooks', (name) => ['PUSH', name]),
  ];
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Json[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

type Content = Readonly<Record<string, { readonly schema: Json; readonly example?: unknown } | undefined>>;

function documented(document: Json, [method, title]: [string, string], operation: Operation): DocumentedOperation {
  const body = operation.requestBody?.content['application/json'];
  const parameters = (operation.parameters ?? []).map((one) => resolved(document, one));
  return {
    id: operation.operationId,
    tag: operation.tags[0] ?? '',
    method,
    title,
    summary: operation.summary,
    description: operation.description ?? '',
    parts: [
      ...['path', 'query', 'header'].flatMap((place) => parametersIn(place, parameters)),
      ...(body === undefined ? [] : [{ heading: 'Body', schema: body.schema }]),
      ...(method === 'PUSH' ? [] : reply(operation)),
    ],
    example: body?.example,
    statuses: Object.keys(operation.responses).join(', '),
  };
}

function resolved(document: Json, parameter: Json): Json {
  const name = /^#\/components\/parameters\/(.+)$/.exec(textOf(parameter['$ref']))?.[1];
  if (name === undefined) return parameter;
  return (document['components'] as Record<string, Record<string, Json>>)['parameters']?.[name] ?? {};
}

function parametersIn(place: string, parameters: readonly Json[]) {
  const here = parameters.filter((one) => one['in'] === place);
  if (here.length === 0) return [];
  const properties = here.map(({ name, schema, description }) => [name, { ...(schema as Json), description }]);
  const required = here.filter((one) => one['required'] === true).map(({ name }) => name);
  const heading = { path: 'In the path', query: 'In the query', header: 'Headers' }[place] ?? place;
  return [{ heading, schema: { type: 'object', properties: Object.fromEntries(properties), required } }];
}

function reply({ responses }: Operation) {
  const schema = responses['200']?.content?.['application/json']?.schema;
  const data = (schema?.['properties'] as Record<string, Json> | undefined)?.['data'];
  if (data !== undefined) return [{ heading: 'Data of the reply', schema: data }];
  return schema === undefined ? [] : [{ heading: 'Reply', schema }];
}
