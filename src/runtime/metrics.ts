import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** Numbers by the value of a label. */
export type Labelled = ReadonlyMap<string, number>;

/** Metrics of the running process. Labels come from short closed lists of ours, never from users. */
export interface Metrics {
  counter(name: string, help: string): { add(count?: number): void };
  /** A counter with one label of these values. */
  counterBy<Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
  ): { add(value: Value, count?: number): void };
  /** A counter whose series begin with their first count, for labels of which most values never come up. */
  counterOf<Label extends string>(
    name: string,
    help: string,
    labels: readonly Label[],
  ): { add(values: Readonly<Record<Label, string>>): void };
  /** @param buckets upper bounds, rising. */
  histogram(name: string, help: string, buckets: readonly number[]): { observe(value: number): void };
  /** Read at each scrape. */
  gauge(name: string, help: string, read: () => number): void;
  /** Read at each scrape; a series that is not among them any more is gone. */
  gaugeBy(name: string, help: string, label: string, read: () => Labelled | Promise<Labelled>): void;
  /** The same for counts, each of which may only rise. */
  countedBy(name: string, help: string, label: string, read: () => Labelled | Promise<Labelled>): void;
  /** A series that is always 1, for what its labels say. */
  info(name: string, help: string, labels: Readonly<Record<string, string>>): void;
  /** Adds the metrics of the process, of its memory and of its event loop. */
  addProcess(): void;
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Those of the library that tell something about a service; the others count handles of Node.js. */
const processMetrics: ReadonlySet<string> = new Set([
  'process_cpu_seconds_total',
  'process_cpu_user_seconds_total',
  'process_cpu_system_seconds_total',
  'process_start_time_seconds',
  'process_resident_memory_bytes',
  'process_open_fds',
  'process_max_fds',
  'nodejs_heap_size_total_bytes',
  'nodejs_heap_size_used_bytes',
  'nodejs_external_memory_bytes',
  'nodejs_gc_duration_seconds',
  // The first of them fills in the others.
  'nodejs_eventloop_lag_seconds',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_eventloop_lag_max_seconds',
]);

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    counter(name, help) {
      const counter = new Counter({ name, help, registers });
      return { add: (count = 1) => counter.inc(count) };
    },
    counterBy(name, help, label, values) {
      const counter = new Counter({ name, help, labelNames: [label], registers });
      // Made beforehand: every series exists from the start, and counting needs no lookup.
      const children = new Map(values.map((value) => [value, counter.labels(value)]));
      for (const child of children.values()) child.inc(0);
      return { add: (value, count = 1) => children.get(value)?.inc(count) };
    },
    counterOf(name, help, labels) {
      const counter = new Counter({ name, help, labelNames: [...labels], registers });
      return { add: (values) => counter.inc({ ...values }) };
    },
    histogram(name, help, buckets) {
      const histogram = new Histogram({ name, help, buckets: [...buckets], registers });
      return { observe: (value) => histogram.observe(value) };
    },
    gauge(name, help, read) {
      registry.registerMetric(
        new Gauge({
          name,
          help,
          registers: [],
          collect: function collect() {
            this.set(read());
          },
        }),
      );
    },
    gaugeBy(name, help, label, read) {
      registry.registerMetric(
        new Gauge({
          name,
          help,
          labelNames: [label],
          registers: [],
          collect: async function collect() {
            const values = await read();
            this.reset();
            for (const [value, count] of values) this.labels(value).set(count);
          },
        }),
      );
    },
    countedBy(name, help, label, read) {
      registry.registerMetric(
        new Counter({
          name,
          help,
          labelNames: [label],
          registers: [],
          collect: async function collect() {
            const values = await read();
            this.reset();
            for (const [value, count] of values) this.labels(value).inc(count);
          },
        }),
      );
    },
    info(name, help, labels) {
      new Gauge({ name, help, labelNames: Object.keys(labels), registers }).set(labels, 1);
    },
    addProcess() {
      collectDefaultMetrics({ register: registry });
      const names = registry.getMetricsAsArray().map(({ name }) => name);
      for (const name of names) {
        if (/^(?:process|nodejs)_/.test(name) && !processMetrics.has(name)) registry.removeSingleMetric(name);
      }
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
