import type { AlertReport, Status } from '../../alerts/alert.ts';
import type { Fault } from '../../runtime/failure.ts';
import type { Fields } from './fields.ts';
import type { ParseContext } from './format.ts';
import { keepImages } from './images.ts';
import { believedInstant, eventTimeOf } from './instant.ts';
import { keepLabels, titleFromLabels } from './labels.ts';
import { renderTitleRule } from './title-rule.ts';
import { descriptionMax, fitTitle, titleRuleMax, truncate } from './text.ts';

/** A report of a format, before limits and defaults. */
export interface Draft {
  /** Fitted or normalized. */
  readonly alertKey: string;
  /** A digest means nothing to people and never becomes the title. */
  readonly isKeyDigest?: boolean;
  readonly title: string;
  /** The sender's title rule; used when there is no title. */
  readonly titleRule?: string;
  readonly description: string;
  readonly status: Status;
  /** The first wins a name. */
  readonly labels: readonly Fields[];
  readonly images?: readonly unknown[];
  /** The sender's time, as sent; unreadable = the time of arrival. */
  readonly time?: unknown;
  /** The start of this occurrence, as sent. */
  readonly startedAt?: unknown;
  /** Unix milliseconds: it recovers then, unless it is reported again. */
  readonly expiresAt?: number | undefined;
  /** It has no labels and description, so the alert keeps its own. */
  readonly keepsDetails?: boolean;
}

/** A report, and the parts that were changed or left out. */
export interface ReadReport {
  readonly report: AlertReport;
  readonly skipped: readonly Fault[];
  /** Its time is ahead of the service's clock; the time of arrival was used. */
  readonly isAhead: boolean;
}

/** Left-out labels that are named one by one. */
const droppedNamedMax = 30;

/** @param path of the alert in the body, for messages; '' = it is the body. */
export function read(draft: Draft, path: string, context: ParseContext): ReadReport {
  const { labels, dropped } = keepLabels(...draft.labels);
  const { images, skipped } = keepImages(draft.images ?? [], within(path, 'images'));
  const { eventTime, isSenderTime, isAhead } = eventTimeOf(draft.time, context.now);
  const startedAt = believedInstant(draft.startedAt, context.now);
  const report: AlertReport = {
    alertKey: draft.alertKey,
    title: titleOf(draft, labels, context),
    titleRule: truncate(draft.titleRule ?? '', titleRuleMax),
    description: truncate(draft.description, descriptionMax),
    status: draft.status,
    labels,
    images,
    eventTime,
    ...(isSenderTime ? { isSenderTime: true } : {}),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(draft.expiresAt === undefined ? {} : { expiresAt: draft.expiresAt }),
    ...(draft.keepsDetails === true ? { keepsDetails: true } : {}),
  };
  return { report, skipped: [...droppedLabels(dropped, path), ...skipped], isAhead };
}

/** In this order: the integration's rule, the sender's title, the sender's rule, anything else to show. */
function titleOf(draft: Draft, labels: AlertReport['labels'], context: ParseContext): string {
  const title = fitTitle(draft.title);
  return (
    byRule(context.settings.titleRule, title, draft, labels, context) ||
    title ||
    byRule(draft.titleRule ?? '', title, draft, labels, context) ||
    fitTitle(titleFromLabels(labels)) ||
    (draft.isKeyDigest === true ? '' : fitTitle(draft.alertKey)) ||
    fitTitle(`Alert from ${context.integrationName}`)
  );
}

function byRule(
  rule: string,
  title: string,
  draft: Draft,
  labels: AlertReport['labels'],
  context: ParseContext,
): string {
  if (rule === '') return '';
  const attributes = new Map([
    ['Title', title],
    ['Description', truncate(draft.description, descriptionMax)],
    ['EventSeverity', draft.status],
    ['EventStatus', draft.status],
    ['AlertKey', draft.alertKey],
    ['TitleRule', truncate(draft.titleRule ?? '', titleRuleMax)],
    ['IntegrationType', context.integrationType],
    ['IntegrationName', context.integrationName],
  ]);
  return fitTitle(renderTitleRule(truncate(rule, titleRuleMax), { labels, attributes }));
}

function droppedLabels(dropped: readonly string[], path: string): Fault[] {
  if (dropped.length === 0) return [];
  const named = dropped.slice(0, droppedNamedMax).map((name) => truncate(name, 128));
  const more = dropped.length - named.length;
  const message = `are more than 50; left out: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return [{ field: within(path, 'labels'), message }];
}

function within(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}
