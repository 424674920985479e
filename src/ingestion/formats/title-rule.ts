/** The values for a title rule (contract 4.9). */
export interface TitleFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly attributes: ReadonlyMap<string, string>;
}

const templateMark = '[TPL]';

/** The text of `${label}` and `$label` for a missing label. */
const noValue = '<no value>';

/**
 * Renders a title rule (contract 4.9). Behind `[TPL]`, `${name}` is a label, `{{.Labels.name}}` a label and `{{.Name}}`
 * an attribute. The older form is `$a::$b::$c`, and everything else is literal text. Names are only looked up: nothing
 * is executed, and values are not expanded again.
 */
export function renderTitleRule(rule: string, facts: TitleFacts): string {
  if (rule.startsWith(templateMark)) return renderTemplate(rule.slice(templateMark.length), facts);
  return isNameList(rule) ? renderNameList(rule, facts) : rule;
}

function renderTemplate(template: string, { labels, attributes }: TitleFacts): string {
  return template.replace(/\$\{([^{}]*)\}|\{\{([^{}]*)\}\}/g, (found, label?: string, expression?: string) => {
    if (label !== undefined) return lookUp(labels, label.trim()) ?? noValue;
    const path = (expression ?? '').trim();
    if (path.startsWith('.Labels.')) return lookUp(labels, path.slice('.Labels.'.length)) ?? '';
    if (path.startsWith('.')) return attributes.get(path.slice(1)) ?? '';
    return found;
  });
}

const nameList = /^\$[^\s$:{}]+(?:::\$[^\s$:{}]+)*$/;

function isNameList(rule: string): boolean {
  return nameList.test(rule);
}

/** Published payloads join the parts by ` / ` and the last one by ` - `. */
function renderNameList(rule: string, { labels }: TitleFacts): string {
  const values = rule.split('::').map((part) => lookUp(labels, part.slice(1)) ?? noValue);
  const last = values.pop() ?? '';
  return values.length === 0 ? last : `${values.join(' / ')} - ${last}`;
}

/** Own properties only, so that `toString` and `constructor` are found only as labels. */
function lookUp(labels: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
