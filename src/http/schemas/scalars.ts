import { z } from 'zod';

/** 24 hex digits: incidents, alerts, reports (contract 0.3). Accepts upper case, gives lower case. */
export const objectId = z
  .string()
  .regex(/^[0-9a-fA-F]{24}$/, 'must be an id of 24 hex digits')
  .transform((id) => id.toLowerCase())
  .meta({ pattern: '^[0-9a-fA-F]{24}$' });

/** Unix seconds; 0 = not yet. */
export const seconds = z.int();

export const severity = z.enum(['Critical', 'Warning', 'Info']);
export const status = z.enum(['Critical', 'Warning', 'Info', 'Ok']);

/** A person (contract 1.5). */
export const person = z
  .object({ person_id: z.int(), person_name: z.string(), email: z.string() })
  .meta({ id: 'Person' });

/** The reply of an operation without a result. */
export const nothing = z.object({});
