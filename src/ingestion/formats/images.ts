import type { Image } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import { isObject } from './fields.ts';
import { isLongerThan, truncate } from './text.ts';

/** The limits on images (contract 5.2); text is counted in code points. */
const imagesMax = 20;
const srcMax = 256;
const altMax = 128;
const hrefMax = 256;

export interface KeptImages {
  readonly images: readonly Image[];
  /** Rejected images, each with its reason: the alert matters more than its images. */
  readonly skipped: readonly Fault[];
}

/** Keeps the first of several images with the same `alt`. Drops links that are not http(s): people click on them. */
export function keepImages(list: readonly unknown[], field = 'images'): KeptImages {
  const byAlt = new Map<string, Image>();
  const skipped: Fault[] = [];
  for (const [index, item] of list.entries()) {
    const path = `${field}[${index}]`;
    if (byAlt.size === imagesMax) {
      skipped.push({ field: path, message: `is left out with all that follow: an alert keeps ${imagesMax} images` });
      break;
    }
    const image = readImage(item);
    if (typeof image === 'string') skipped.push({ field: path, message: image });
    else if (byAlt.has(image.alt ?? ''))
      skipped.push({ field: path, message: 'has the alt of an earlier image: give each its own' });
    else byAlt.set(image.alt ?? '', image);
  }
  return { images: [...byAlt.values()], skipped };
}

/** The image, or the reason to reject it. */
function readImage(item: unknown): Image | string {
  if (!isObject(item)) return 'must be an object with src, alt and href';
  const { src, alt, href } = item;
  if (typeof src !== 'string' || src === '') return 'has no src: send an http(s) URL or the key of an uploaded image';
  if (isLongerThan(src, srcMax)) return `has a src of more than ${srcMax} characters`;
  if (!isWebUrl(src) && !/^img_./.test(src))
    return 'has a src that is neither an http(s) URL nor the key of an uploaded image';
  return {
    src,
    ...(typeof alt === 'string' && alt !== '' ? { alt: truncate(alt, altMax) } : {}),
    ...(typeof href === 'string' && isWebUrl(href) ? { href: truncate(href, hrefMax) } : {}),
  };
}

function isWebUrl(text: string): boolean {
  return /^https?:\/\/./i.test(text);
}
