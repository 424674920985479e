import { z } from 'zod';

export type Json = Readonly<Record<string, unknown>>;

/**
 * Turns the schemas of one document into JSON Schema. What has an id is said once, among the components, and referred to
 * from everywhere else.
 */
export class JsonSchemas {
  readonly #components = new Map<string, Json>();

  /** What a request may be and what a reply is: the side of a schema before its defaults and transformations. */
  of(schema: z.ZodType): Json {
    // Wrapped, so that a schema with an id of its own becomes a reference too.
    const { properties, $defs = {} } = z.toJSONSchema(z.object({ it: schema }), {
      io: 'input',
      unrepresentable: 'any',
      override: ({ jsonSchema }) => forgetSafeIntegers(jsonSchema),
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

/** That a number is safe for JavaScript says nothing to a reader of the document. */
function forgetSafeIntegers(schema: z.core.JSONSchema.BaseSchema): void {
  if (schema.type !== 'integer') return;
  schema.format = 'int64';
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

/** With the references of zod turned into those of OpenAPI. */
function referring(schema: unknown): Json {
  const text = JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/');
  return JSON.parse(text) as Json;
}

/** `{request_id, data}` around the shape of `data`. */
export function envelopeOf(data: Json): Json {
  return { type: 'object', required: ['request_id', 'data'], properties: { request_id: { type: 'string' }, data } };
}
