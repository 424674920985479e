import { isUtf8 } from 'node:buffer';
import { Failure } from '../../runtime/failure.ts';

/** Fields of one form. */
const fieldsMax = 200;

/** What a form may have; notification commands send a few kilobytes. */
const formMaxBytes = 262_144;

const formType = /^application\/x-www-form-urlencoded\b/i;

/** The type that a push is read by: a form may be one, and everything else is JSON, whatever its sender calls it. */
export function readAs(contentType: string | undefined): string {
  return contentType !== undefined && formType.test(contentType) ? contentType : 'application/json';
}

/**
 * The fields of a form, as the notification commands of Nagios and Icinga send by curl, where JSON could not be written
 * safely. `undefined` = it is none: JSON stays JSON when it is announced as a form, as curl does.
 */
export function formFields(contentType: string | undefined, bytes: Buffer): Record<string, string> | undefined {
  if (contentType === undefined || !formType.test(contentType)) return undefined;
  if (!/^[\w.%-]+=/.test(bytes.toString('latin1', 0, 256))) return undefined;
  if (bytes.length > formMaxBytes) throw new Failure('EntityTooLarge', `a form may have ${formMaxBytes} bytes`);
  if (!isUtf8(bytes)) throw new Failure('BadRequest', 'invalid_utf8: the body is not valid UTF-8');
  const entries = [...new URLSearchParams(bytes.toString('utf8'))];
  if (entries.length > fieldsMax) throw new Failure('BadRequest', `too_many_keys: a form may have ${fieldsMax} fields`);
  return Object.fromEntries(entries.map(([name, value]) => [name, sound(value)]));
}

/** Databases refuse NUL, and halves of surrogate pairs. */
function sound(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}
