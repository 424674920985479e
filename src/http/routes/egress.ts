import type { z } from 'zod';
import { route, type Route } from '../route.ts';
import { nothing } from '../shapes/scalars.ts';
import { egressInfoReply } from '../shapes/webhook.ts';

export interface EgressServices {
  readonly egress: EgressInfo;
}

/** What integrators need to know of the pushes' origin (contract 2.6), as the operator has set it. */
export type EgressInfo = z.input<typeof egressInfoReply>;

export function egressRoutes({ egress }: EgressServices): Route[] {
  return [
    route({
      path: '/egress/info',
      summary: 'Shows where pushes come from and where they may go.',
      role: 'viewer',
      writes: false,
      request: nothing,
      reply: egressInfoReply,
      handle: () => Promise.resolve(egress),
    }),
  ];
}
