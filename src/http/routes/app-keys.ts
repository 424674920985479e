import type { z } from 'zod';
import type { AppKey } from '../../access/app-key.ts';
import type { AppKeyService, KeyScope } from '../../access/app-key-service.ts';
import { seconds } from '../../events/event.ts';
import { Failure } from '../../runtime/failure.ts';
import { command, commandWithReply, query, type Call, type Route } from './route.ts';
import * as shape from '../schemas/app-key.ts';

export interface AppKeyServices {
  readonly appKeys: AppKeyService;
}

/** A key has the rights of its member, so every member may have some; keys of others are for administrators. */
export function appKeyRoutes({ appKeys }: AppKeyServices): Route[] {
  return [
    commandWithReply(
      '/person/app-key/create',
      'Makes an app key and shows it, this once.',
      'viewer',
      { request: shape.appKeyCreateRequest, reply: shape.appKeyCreateReply },
      async (input, call) => {
        const memberId = memberMeant(input.person_id, call);
        const made = await appKeys.create(memberId, input.key_name, input.is_enabled ? 'enabled' : 'disabled');
        return { key_id: made.appKey.keyId, key_name: made.appKey.name, key: made.key };
      },
    ),
    query(
      '/person/app-key/list',
      'Lists the app keys of a member, without the keys themselves.',
      'viewer',
      { request: shape.appKeyListRequest, reply: shape.appKeyListReply },
      async (input, call) => {
        const keys = await appKeys.listOf(memberMeant(input.person_id, call));
        return { items: keys.map(keyObject), total: keys.length };
      },
    ),
    change('/person/app-key/enable', 'Lets a key be used again.', (keyId, scope) =>
      appKeys.change(scope, keyId, { status: 'enabled' }),
    ),
    change('/person/app-key/disable', 'Refuses a key until it is enabled again.', (keyId, scope) =>
      appKeys.change(scope, keyId, { status: 'disabled' }),
    ),
    change('/person/app-key/delete', 'Deletes a key for good.', (keyId, scope) => appKeys.remove(scope, keyId)),
    command(
      '/person/app-key/name/reset',
      'Gives a key another name.',
      'viewer',
      shape.appKeyRenameRequest,
      (input, call) => appKeys.change(scopeOf(call), input.key_id, { name: input.key_name }),
    ),
  ];
}

function change(path: Route['path'], summary: string, work: (keyId: string, scope: KeyScope) => Promise<void>): Route {
  return command(path, summary, 'viewer', shape.appKeyRequest, (input, call) => work(input.key_id, scopeOf(call)));
}

function scopeOf(call: Call): KeyScope {
  return call.role === 'admin' ? 'all' : call.person.person_id;
}

/** @throws Failure when a caller without that right names another member. */
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
