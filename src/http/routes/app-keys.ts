import type { z } from 'zod';
import type { AppKey } from '../../access/app-key.ts';
import type { AppKeys, KeyScope } from '../../access/app-keys.ts';
import { seconds } from '../../events/event.ts';
import { Failure } from '../../runtime/failure.ts';
import { route, type Call, type Route } from '../route.ts';
import * as shape from '../shapes/app-key.ts';
import { nothing } from '../shapes/scalars.ts';

export interface AppKeyServices {
  readonly appKeys: AppKeys;
}

/** A key has the rights of its member and no more, so everybody may have some; those of others are for administrators. */
export function appKeyRoutes({ appKeys }: AppKeyServices): Route[] {
  return [
    route({
      path: '/person/app-key/create',
      summary: 'Makes an app key and shows it, this once.',
      role: 'viewer',
      writes: true,
      request: shape.appKeyCreateRequest,
      reply: shape.appKeyCreateReply,
      handle: async (input, call) => {
        const memberId = memberMeant(input.person_id, call);
        const made = await appKeys.create(memberId, input.key_name, input.is_enabled ? 'enabled' : 'disabled');
        return { key_id: made.appKey.keyId, key_name: made.appKey.name, key: made.key };
      },
    }),
    route({
      path: '/person/app-key/list',
      summary: 'Lists the app keys of a member, without the keys themselves.',
      role: 'viewer',
      writes: false,
      request: shape.appKeyListRequest,
      reply: shape.appKeyListReply,
      handle: async (input, call) => {
        const keys = await appKeys.listOf(memberMeant(input.person_id, call));
        return { items: keys.map(keyObject), total: keys.length };
      },
    }),
    change('/person/app-key/enable', 'Lets a key be used again.', (keyId, scope) =>
      appKeys.change(scope, keyId, { status: 'enabled' }),
    ),
    change('/person/app-key/disable', 'Refuses a key until it is enabled again.', (keyId, scope) =>
      appKeys.change(scope, keyId, { status: 'disabled' }),
    ),
    change('/person/app-key/delete', 'Deletes a key for good.', (keyId, scope) => appKeys.remove(scope, keyId)),
    route({
      path: '/person/app-key/name/reset',
      summary: 'Gives a key another name.',
      role: 'viewer',
      writes: true,
      request: shape.appKeyRenameRequest,
      reply: nothing,
      handle: async (input, call) => {
        await appKeys.change(scopeOf(call), input.key_id, { name: input.key_name });
        return {};
      },
    }),
  ];
}

function change(path: Route['path'], summary: string, work: (keyId: string, scope: KeyScope) => Promise<void>): Route {
  return route({
    path,
    summary,
    role: 'viewer',
    writes: true,
    request: shape.appKeyRequest,
    reply: nothing,
    handle: async (input, call) => {
      await work(input.key_id, scopeOf(call));
      return {};
    },
  });
}

function scopeOf(call: Call): KeyScope {
  return call.role === 'admin' ? 'all' : call.person.person_id;
}

/** @throws Failure when somebody without that right means another member. */
function memberMeant(personId: number | undefined, call: Call): number {
  if (personId === undefined || personId === call.person.person_id) return call.person.person_id;
  if (call.role === 'admin') return personId;
  throw new Failure('AccessDenied', 'only administrators see and make keys of other members: leave person_id out');
}

function keyObject(key: AppKey): z.input<typeof shape.appKey> {
  return {
    key_id: key.keyId,
    key_name: key.name,
    key_hint: key.hint,
    person_id: key.memberId,
    status: key.status,
    is_enabled: key.status === 'enabled',
    created_at: seconds(key.createdAt),
    updated_at: seconds(key.updatedAt),
  };
}
