import type { z } from 'zod';
import type { Role } from '../../access/role.ts';
import type { Session } from '../../access/session.ts';
import type { Person } from '../../events/event.ts';
import type { Fault } from '../../runtime/failure.ts';
import { nothing } from '../schemas/scalars.ts';

/** The caller and the request. */
export interface Call {
  readonly requestId: string;
  /** The owner of the key or of the session; nobody, with the id 0, where anyone may call. */
  readonly person: Person;
  readonly role: Role;
  /** The browser session that admitted the request; none for a key. */
  readonly session: Session | undefined;
  /** The address of the client. */
  readonly address: string;
  /** What the client calls itself; '' when it does not say. */
  readonly agent: string;
  /** Puts a session's token into the client's cookie; '' takes it out. */
  keepSession(token: string): void;
}

/** Who may call an operation: members of at least this role, or anyone, for the operations that sign people in. */
export type Least = Role | 'anyone';

/**
 * One operation of the API (contract 6): a POST with a JSON object, answered in the envelope. The schemas check, type
 * and document it; `role` is the least that may call it. Routes are values in one table, so that a test can walk them.
 */
export interface Route<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  readonly path: `/${string}`;
  /** One line for the reference. */
  readonly summary: string;
  readonly role: Least;
  /** Changes something: `Idempotency-Key` is honoured, and a drain or a full disk refuses it. */
  readonly writes: boolean;
  readonly request: Request;
  /** The shape of `data`. */
  readonly reply: Reply;
  handle(input: z.output<Request>, call: Call): Promise<z.input<Reply>>;
  /** What the operation has against fields that have the right form, when another field has not. */
  readonly rules?: Rules<Request> | undefined;
}

/** `sound` has the fields that came in the right form, each as the schema reads it. */
export type Rules<Request extends z.ZodType> = (
  sound: Partial<z.output<Request>>,
  call: Call,
) => Promise<readonly Fault[]>;

/** The beginnings of the paths that are ours and not the contract's, and what below them is the contract's all the same. */
const ownPaths = [
  '/webhook/',
  '/integration/',
  '/egress/',
  '/session/',
  '/member/password/',
  '/member/update',
  '/incident/stats',
  '/incident/change/list',
  '/incident/custom-action/list',
  '/system/',
  '/replay/',
];
const contractPaths: ReadonlySet<string> = new Set(['/webhook/history/list', '/webhook/history/detail']);

export function isOwn(path: string): boolean {
  return ownPaths.some((start) => path.startsWith(start)) && !contractPaths.has(path);
}

type Work<Request extends z.ZodType, Result> = (input: z.output<Request>, call: Call) => Promise<Result>;

interface Schemas<Request extends z.ZodType, Reply extends z.ZodType> {
  readonly request: Request;
  readonly reply: Reply;
}

/** A route that shows something. */
export function query<Request extends z.ZodType, Reply extends z.ZodType>(
  path: Route['path'],
  summary: string,
  role: Least,
  schemas: Schemas<Request, Reply>,
  handle: Work<Request, z.input<Reply>>,
): Route {
  return route({ path, summary, role, writes: false, ...schemas, handle });
}

/** A route that changes something and replies `{}`. */
export function command<Request extends z.ZodType>(
  path: Route['path'],
  summary: string,
  role: Least,
  request: Request,
  work: Work<Request, unknown>,
  rules?: Rules<Request>,
): Route {
  const handle = async (input: z.output<Request>, call: Call) => {
    await work(input, call);
    return {};
  };
  return commandWithReply(path, summary, role, { request, reply: nothing }, handle, rules);
}

/** A route that changes something and says more about it. */
export function commandWithReply<Request extends z.ZodType, Reply extends z.ZodType>(
  path: Route['path'],
  summary: string,
  role: Least,
  schemas: Schemas<Request, Reply>,
  handle: Work<Request, z.input<Reply>>,
  rules?: Rules<Request>,
): Route {
  return route({ path, summary, role, writes: true, ...schemas, handle, rules });
}

/** Hides the types of a route, so that routes of all shapes fit in one table. */
function route<Request extends z.ZodType, Reply extends z.ZodType>(definition: Route<Request, Reply>): Route {
  return definition;
}
