import { z } from 'zod';
import { numberId } from './fields.ts';
import { seconds } from './scalars.ts';

export const keyNameMaxChars = 59;
const keyName = z.string().trim().min(1).max(keyNameMaxChars);
const keyId = z.string().regex(/^[0-9a-f]{24}$/, 'must be the key_id of a key, 24 hex digits');

export const appKey = z
  .object({
    key_id: z.string(),
    key_name: z.string(),
    key_hint: z.string().describe('The end of the key, to tell keys apart.'),
    person_id: numberId,
    status: z.enum(['enabled', 'disabled']),
    is_enabled: z.boolean(),
    created_at: seconds,
    updated_at: seconds,
  })
  .meta({ id: 'AppKey' });

export const appKeyCreateRequest = z.object({
  key_name: keyName,
  is_enabled: z.boolean().default(true),
  person_id: numberId.optional().describe('Another member, for administrators; the caller when left out.'),
});
export const appKeyCreateReply = z.object({
  key_id: z.string(),
  key_name: z.string(),
  key: z.string().describe('Shown this once: it is not kept.'),
});

export const appKeyListRequest = z.object({
  person_id: numberId.optional().describe('Another member, for administrators; the caller when left out.'),
});
export const appKeyListReply = z.object({ items: z.array(appKey), total: z.int() });

export const appKeyRequest = z.object({ key_id: keyId });
export const appKeyRenameRequest = z.object({ key_id: keyId, key_name: keyName });
