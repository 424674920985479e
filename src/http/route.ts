import type { z } from 'zod';
import type { Role } from '../access/role.ts';
import type { Person } from '../events/event.ts';

/** Who calls, and in which request. */
export interface Call {
  readonly requestId: string;
  /** The member whose key it is. */
  readonly person: Person;
  readonly role: Role;
  /** Where the request came from. */
  readonly address: string;
}

/**
 * One operation of the API (contract 6): a POST with a JSON object, answered in the envelope. The schemas check, type and
 * document it; `role` is the least that may call it. Routes are values in one table, so that a test can walk them all.
 */
export interface Route<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  readonly path: `/${string}`;
  /** One line for the reference. */
  readonly summary: string;
  readonly role: Role;
  /** Changes something: `Idempotency-Key` is honoured, and a drain or a full disk refuses it. */
  readonly writes: boolean;
  readonly request: Request;
  /** The shape of `data`. */
  readonly reply: Reply;
  handle(input: z.output<Request>, call: Call): Promise<z.input<Reply>>;
}

/** Gives a route its types and hides them again, so that routes of all shapes fit in one table. */
export function route<Request extends z.ZodType, Reply extends z.ZodType>(definition: Route<Request, Reply>): Route {
  return definition;
}
