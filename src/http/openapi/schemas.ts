import { z } from 'zod';

export type Json = Readonly<Record<string, unknown>>;

/**
 * Converts the schemas of one document into JSON Schema. A schema with an id appears once, among the components, and is
 * referred to.
 */
export class JsonSchemas {
  readonly #components = new Map<string, Json>();

  /** The schema before defaults and transformations: what a request may hold, and what a reply holds. */
  of(schema: z.ZodType): Json {
    // Wrapped, so that a schema with an id becomes a reference too.
    const { properties, $defs = {} } = z.toJSONSchema(z.object({ it: schema }), {
      io: 'input',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => nameFormat(jsonSchema),
    });
    for (const [name, definition] of Object.entries($defs)) this.#keep(name, definition);
    return referring(properties?.['it'] ?? {});
  }

  components(): Json {
    return Object.fromEntries([...this.#components].toSorted(([one], [other]) => (one < other ? -1 : 1)));
  }

  #keep(name: string, definition: object): void {
    const { id: _id, ...rest } = referring(definition);
    const known = this.#components.get(name);
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(rest)) {
      throw new Error(`two schemas have the id ${name}: give one of them another`);
    }
    this.#components.set(name, rest);
  }
}

/** The limits of whole numbers stay: clients that generate calls from the document would go beyond 2^53. */
function nameFormat(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.type === 'integer') schema.format = 'int64';
}

/** Replaces the references of zod by those of OpenAPI. */
function referring(schema: unknown): Json {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/');
  return JSON.parse(text) as Json;
}

/** `{request_id, data}` around the shape of `data`. */
export function envelopeOf(data: Json): Json {
  return { type: 'object', required: ['request_id', 'data'], properties: { request_id: { type: 'string' }, data } };
}
