import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** Numbers of the running process. Labels come from short closed lists of our own, never from what a user wrote. */
export interface Metrics {
  counter(name: string, help: string): { add(count?: number): void };
  /** With one label, whose values are the given ones. */
  counterBy<Value extends string>(
    name: string,
    help: string,
    label: string,
    values: readonly Value[],
  ): { add(value: Value, count?: number): void };
  /** @param buckets their upper bounds, rising. */
  histogram(name: string, help: string, buckets: readonly number[]): { observe(value: number): void };
  /** Read when it is asked for. */
  gauge(name: string, help: string, read: () => number): void;
  gaugeBy<Value extends string>(
    name: string,
    help: string,
    label: string,
    read: () => ReadonlyMap<Value, number>,
  ): void;
  /** All of them, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

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
      // Made beforehand: every series is there from the start, and counting costs no search.
      const children = new Map(values.map((value) => [value, counter.labels(value)]));
      for (const child of children.values()) child.inc(0);
      return { add: (value, count = 1) => children.get(value)?.inc(count) };
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
          collect: function collect() {
            for (const [value, count] of read()) this.labels(value).set(count);
          },
        }),
      );
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
