import type { z } from 'zod';
import { blankSilence, isInTime, type NoiseKind, type NoiseRule, type SilenceSpec } from '../../channels/noise-rule.ts';
import type { NoiseRuleChange, NoiseRuleService } from '../../channels/noise-rule-service.ts';
import { seconds } from '../../events/event.ts';
import type { Account } from '../../ingestion/push-context.ts';
import type { Clock } from '../../runtime/clock.ts';
import { command, commandWithReply, query, type Route } from './route.ts';
import * as shape from '../schemas/noise-rule.ts';

export interface NoiseServices {
  readonly account: Account;
  readonly clock: Pick<Clock, 'now'>;
  readonly noiseRules: NoiseRuleService;
}

/** Noise rules (contract 4.10): everybody may read them, administrators configure them. */
export function noiseRoutes(services: NoiseServices): Route[] {
  const { noiseRules } = services;
  return [
    ...dropRoutes(services),
    ...switches('/channel/unsubscribe/rule', 'a drop rule', 'drop', noiseRules),
    ...silenceRoutes(services),
    ...switches('/channel/silence/rule', 'a silence rule', 'silence', noiseRules),
    ...inhibitRoutes(services),
    ...switches('/channel/inhibit/rule', 'an inhibit rule', 'inhibit', noiseRules),
  ];
}

function dropRoutes({ account, noiseRules }: NoiseServices): Route[] {
  return [
    commandWithReply(
      '/channel/unsubscribe/rule/create',
      'Makes a drop rule: events that match leave no trace.',
      'admin',
      { request: shape.dropCreateRequest, reply: shape.ruleCreateReply },
      async (input, call) => {
        const { channel_id: channelId, rule_name: name, filters } = input;
        const made = { ...headOf(input), channelId, name, spec: { filters } };
        return createdReply(await noiseRules.create('drop', made, call.person.person_id));
      },
    ),
    command(
      '/channel/unsubscribe/rule/update',
      'Changes the given fields of a drop rule; its filters as a whole.',
      'admin',
      shape.dropUpdateRequest,
      async (input, call) => {
        const spec = present({ filters: input.filters });
        await noiseRules.update(refOf('drop', input), { ...headOf(input), spec }, call.person.person_id);
      },
    ),
    query(
      '/channel/unsubscribe/rule/list',
      'Lists the drop rules of a channel, in the order in which they are tried.',
      'viewer',
      { request: shape.ruleListRequest, reply: shape.dropListReply },
      async (input) => {
        const rules = await noiseRules.list('drop', input.channel_id);
        return { items: rules.map((rule) => ({ ...shown(rule, account), filters: copied(rule.spec.filters) })) };
      },
    ),
  ];
}

function silenceRoutes({ account, clock, noiseRules }: NoiseServices): Route[] {
  return [
    commandWithReply(
      '/channel/silence/rule/create',
      'Makes a silence rule: alerts that match, in its time, join no incident.',
      'admin',
      { request: shape.silenceCreateRequest, reply: shape.ruleCreateReply },
      async (input, call) => {
        const { channel_id: channelId, rule_name: name, filters } = input;
        const fromIncidentId = input.from_incident_id ?? '';
        const spec: SilenceSpec = { ...blankSilence, ...silenceSpecOf(input), filters, fromIncidentId };
        const made = { ...headOf(input), channelId, name, spec };
        return createdReply(await noiseRules.create('silence', made, call.person.person_id));
      },
    ),
    command(
      '/channel/silence/rule/update',
      'Changes the given fields of a silence rule; its filters and its time as a whole.',
      'admin',
      shape.silenceUpdateRequest,
      async (input, call) => {
        const spec = { ...silenceSpecOf(input), ...present({ filters: input.filters }) };
        await noiseRules.update(refOf('silence', input), { ...headOf(input), spec }, call.person.person_id);
      },
    ),
    query(
      '/channel/silence/rule/list',
      'Lists the silence rules of a channel, in the order in which they are tried.',
      'viewer',
      { request: shape.ruleListRequest, reply: shape.silenceListReply },
      async (input) => {
        const rules = await noiseRules.list('silence', input.channel_id);
        return { items: rules.map((rule) => ({ ...shown(rule, account), ...silenceObject(rule, clock.now()) })) };
      },
    ),
  ];
}

function inhibitRoutes({ account, noiseRules }: NoiseServices): Route[] {
  return [
    commandWithReply(
      '/channel/inhibit/rule/create',
      'Makes an inhibit rule: alerts that match join no incident while another, the source, is active.',
      'admin',
      { request: shape.inhibitCreateRequest, reply: shape.ruleCreateReply },
      async (input, call) => {
        const { channel_id: channelId, rule_name: name, source_filters, target_filters, equals } = input;
        const filters = { sourceFilters: source_filters, targetFilters: target_filters };
        const spec = { ...filters, equals, discards: input.is_directly_discard ?? false };
        const made = { ...headOf(input), channelId, name, spec };
        return createdReply(await noiseRules.create('inhibit', made, call.person.person_id));
      },
    ),
    command(
      '/channel/inhibit/rule/update',
      'Changes the given fields of an inhibit rule; its filters as a whole.',
      'admin',
      shape.inhibitUpdateRequest,
      async (input, call) => {
        const spec = present({
          sourceFilters: input.source_filters,
          targetFilters: input.target_filters,
          equals: input.equals,
          discards: input.is_directly_discard,
        });
        await noiseRules.update(refOf('inhibit', input), { ...headOf(input), spec }, call.person.person_id);
      },
    ),
    query(
      '/channel/inhibit/rule/list',
      'Lists the inhibit rules of a channel, in the order in which they are tried.',
      'viewer',
      { request: shape.ruleListRequest, reply: shape.inhibitListReply },
      async (input) => {
        const rules = await noiseRules.list('inhibit', input.channel_id);
        return { items: rules.map((rule) => ({ ...shown(rule, account), ...inhibitObject(rule) })) };
      },
    ),
  ];
}

/** The routes that the three kinds share. */
function switches(base: `/${string}`, what: string, kind: NoiseKind, rules: NoiseRuleService): Route[] {
  type Ref = ReturnType<typeof refOf>;
  const change = (step: string, summary: string, work: (ref: Ref, personId: number) => Promise<void>): Route =>
    command(`${base}/${step}`, summary, 'admin', shape.ruleRequest, (input, call) =>
      work(refOf(kind, input), call.person.person_id),
    );
  return [
    change('enable', `Switches ${what} on.`, (ref, by) => rules.setStatus(ref, 'enabled', by)),
    change('disable', `Switches ${what} off.`, (ref, by) => rules.setStatus(ref, 'disabled', by)),
    change('delete', `Deletes ${what}.`, (ref) => rules.remove(ref)),
  ];
}

function refOf<Kind extends NoiseKind>(kind: Kind, input: z.output<typeof shape.ruleRequest>) {
  return { kind, channelId: input.channel_id, ruleId: input.rule_id };
}

interface HeadInput {
  readonly rule_name?: string | undefined;
  readonly description?: string | undefined;
  readonly priority?: number | undefined;
}

function headOf(input: HeadInput): Omit<NoiseRuleChange<NoiseKind>, 'spec'> {
  return { name: input.rule_name, description: input.description, priority: input.priority };
}

function createdReply(rule: NoiseRule): z.input<typeof shape.ruleCreateReply> {
  return { rule_id: rule.ruleId, rule_name: rule.name };
}

type SilenceInput = Pick<
  z.output<typeof shape.silenceUpdateRequest>,
  'time_filter' | 'time_filters' | 'time_zone' | 'is_directly_discard' | 'is_auto_delete'
>;

function silenceSpecOf(input: SilenceInput): Partial<SilenceSpec> {
  const rest = { timeZone: input.time_zone, discards: input.is_directly_discard, deletesItself: input.is_auto_delete };
  return { ...present(rest), ...timesOf(input) };
}

/** A time of one kind replaces one of the other. */
function timesOf({ time_filter: span, time_filters: recurring }: SilenceInput): Partial<SilenceSpec> {
  if (span !== undefined && span !== null) {
    return { span: { start: span.start_time * 1000, end: span.end_time * 1000 }, recurrences: [] };
  }
  if (recurring === undefined || recurring === null) return {};
  return { span: undefined, recurrences: recurring.map(({ start, end, repeat }) => ({ start, end, repeat })) };
}

function shown(rule: NoiseRule, account: Account) {
  return {
    rule_id: rule.ruleId,
    rule_name: rule.name,
    channel_id: rule.channelId,
    account_id: account.accountId,
    description: rule.description,
    priority: rule.priority,
    status: rule.status,
    creator_id: rule.creatorId,
    updated_by: rule.updatedBy,
    created_at: seconds(rule.createdAt),
    updated_at: seconds(rule.updatedAt),
  };
}

function silenceObject({ spec, status }: NoiseRule<'silence'>, now: number) {
  const { span, recurrences, fromIncidentId } = spec;
  return {
    filters: copied(spec.filters),
    ...(span === undefined ? {} : { time_filter: { start_time: seconds(span.start), end_time: seconds(span.end) } }),
    ...(recurrences.length === 0
      ? {}
      : { time_filters: recurrences.map((one) => ({ ...one, repeat: [...one.repeat] })) }),
    time_zone: spec.timeZone,
    is_directly_discard: spec.discards,
    is_auto_delete: spec.deletesItself,
    is_effective: status === 'enabled' && isInTime(spec, now),
    ...(fromIncidentId === '' ? {} : { from_incident_id: fromIncidentId }),
  };
}

function inhibitObject({ spec }: NoiseRule<'inhibit'>) {
  return {
    source_filters: copied(spec.sourceFilters),
    target_filters: copied(spec.targetFilters),
    equals: [...spec.equals],
    is_directly_discard: spec.discards,
  };
}

function copied(filter: NoiseRule<'drop'>['spec']['filters']) {
  return filter.map((group) => group.map((one) => ({ ...one, vals: [...one.vals] })));
}

/** The fields that are not undefined. */
function present<Input extends object>(input: Input): { [Key in keyof Input]?: Exclude<Input[Key], undefined> } {
  const sent = Object.entries(input).filter(([, value]) => value !== undefined);
  return Object.fromEntries(sent) as { [Key in keyof Input]?: Exclude<Input[Key], undefined> };
}
