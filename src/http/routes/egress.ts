import type { z } from 'zod';
import { query, type Route } from './route.ts';
import { nothing } from '../schemas/scalars.ts';
import { egressInfoReply } from '../schemas/webhook.ts';

export interface EgressServices {
  readonly egress: EgressInfo;
}

/** The origin of pushes (contract 2.6), as the operator has set it. */
export type EgressInfo = z.input<typeof egressInfoReply>;

export function egressRoutes({ egress }: EgressServices): Route[] {
  return [
    query(
      '/egress/info',
      'Shows where pushes come from and where they may go.',
      'viewer',
      { request: nothing, reply: egressInfoReply },
      () => Promise.resolve(egress),
    ),
  ];
}
