/**
 * Refusals of calls that the schemas of the description allow. Each counts only where the text says so: that of the whole
 * description, or of the same operation, which is its summary, its description and those of its fields.
 */

interface Announcement {
  /** One fault of the refusal, as `field: sentence`, or the sentence alone. */
  readonly refusal: RegExp;
  /** What the text has to say. */
  readonly says: RegExp;
}

/** What a refusal says of an id of nothing. */
const unknownThing =
  /^(?:[\w.[\]]+: |fields\.[^]*?: )?there is no (?:incident|alert|channel|team|member|webhook|integration|custom field|custom action|rule|escalation rule|invocation|event|such \w+)\b/;

const announcements: readonly Announcement[] = [
  { refusal: unknownThing, says: /an id of nothing is refused/ },
  { refusal: /^duplicate_key: /, says: /a key that stands twice in an object is refused/ },
  { refusal: /^\d+ integration\(s\) send into this channel/, says: /enabled integration/ },
  {
    refusal: /^[\w.]+: (?:must be )?later than start_time$|: start_time must be earlier than end_time$/,
    says: /[Ll]ater than start_time|before end_time/,
  },
  {
    refusal: /^(?:start|end)_time: (?:the window may have 31 days|may be at most \d+ days after start_time)/,
    says: /\d+ days/,
  },
  { refusal: /name: must have at least \d+ characters?$/, says: /blanks around names are taken away/ },
  { refusal: /^options: must be left out for \w+$/, says: /left out for a text and for a checkbox/ },
  {
    refusal: /^(?:team_name|channel_name|field_name|rule_name|name): another (?:\w+ ){1,2}has this name/,
    says: /stands once/i,
  },
  { refusal: /^(?:members\[\d+\]\.|updates\.)?email: another member has this address/, says: /stands once/i },
  { refusal: /^member_name: give what changes/, says: /an empty text changes nothing/ },
  { refusal: /^source_incident_ids: must name an incident that is not the target$/, says: /another one must be left/ },
  { refusal: /^search_after_ctx: /, says: /cursor|search_after_ctx|last reply/i },
  { refusal: /^p: p \* limit may be/, says: /10,?000/ },
  { refusal: /^(?:updates\.|members\[\d+\]\.)?time_zone: must be (?:a|the name of a) time zone/, says: /zone/i },
  { refusal: /^endpoint: /, says: /of a host that may be reached/ },
  { refusal: /^default_value: /, says: /default/i },
  {
    refusal: /(?:filters|if|cases)(?:\[\d+\]|\.\w+)*\.(?:key|vals)(?:\[\d+\])?: /,
    says: /contract 7\.1|known everywhere/i,
  },
];

/** The failures of a run of schemathesis that no text announces, each with its operation. */
export function unannounced(output: string, document: Document): string[] {
  const [, ...blocks] = output.split(/^_{3,} ((?:POST|GET) \S+) _{3,}$/m);
  const found: string[] = [];
  for (let at = 0; at < blocks.length; at += 2) {
    const [method = '', path = ''] = (blocks[at] ?? '').split(' ');
    const operation = document.paths[path]?.[method.toLowerCase()];
    const text = `${document.info.description}\n${textOf(document, operation)}`;
    const cases = (blocks[at + 1] ?? '').split(/^\d+\. Test Case ID: .*$/m).slice(1);
    for (const one of cases) {
      if (isEmptyValue(one)) continue;
      const isRefusal = /Schema-valid request rejected/.test(one) && !/^- (?!ST202)/m.test(one);
      const silent = isRefusal ? faultsIn(one).filter((fault) => !isAnnounced(fault, text)) : [];
      if (isRefusal && silent.length === 0) continue;
      found.push(`${blocks[at]}: ${silent.join('; ')} ${one.trim().replaceAll(/\s+/g, ' ').slice(0, 900)}`);
    }
  }
  return found;
}

export interface Document {
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

function isAnnounced(fault: string, text: string): boolean {
  return announcements.some(({ refusal, says }) => refusal.test(fault) && says.test(text));
}

/** Every fault that the reply names, as `field: sentence`; the whole message where it names no field. */
function faultsIn(one: string): string[] {
  const [, json] = /`(\{"request_id".*\})`/.exec(one) ?? [];
  if (json === undefined) return faultsInStart(one);
  const { error } = JSON.parse(json) as { error: { message: string; faults?: { field: string; message: string }[] } };
  if (error.faults === undefined || error.faults.length === 0) return [error.message];
  return error.faults.map(({ field, message }) => `${field}: ${message}`);
}

/** Of a long reply only the beginning is shown, perhaps not even the whole message. */
function faultsInStart(one: string): string[] {
  const [, text = '', end = ''] = /"message":"((?:[^"\\\n]|\\.)*)("?)/.exec(one) ?? [];
  const faults = text.replaceAll(String.raw`\"`, '"').split(/; (?=[\w.[\]]+: )/);
  return end === '' && faults.length > 1 ? faults.slice(0, -1) : faults;
}

/** An empty text and null stand for a field that is left out, and are taken, as the text of the description says. */
function isEmptyValue(one: string): boolean {
  const [, name = ''] = /^- ST201[^]*at \/properties\/(\w+)/m.exec(one) ?? [];
  return name !== '' && new RegExp(`"${name}": (?:""|null|\\{\\})`).test(one);
}

/** All summaries and descriptions of an operation and of the schemas that it uses. */
function textOf(document: Document, operation: unknown, seen = new Set<string>()): string {
  if (typeof operation !== 'object' || operation === null) return '';
  return Object.entries(operation)
    .map(([name, value]: [string, unknown]) => {
      if (name === 'summary' || name === 'description') return String(value);
      if (name !== '$ref') return textOf(document, value, seen);
      const schema = String(value).split('/').at(-1) ?? '';
      if (seen.has(schema)) return '';
      seen.add(schema);
      return textOf(document, document.components.schemas[schema], seen);
    })
    .filter((text) => text !== '')
    .join('\n');
}
