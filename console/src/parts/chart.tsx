import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useLocale } from 'use-intl';
import { showDuration, showMoment } from '../time/show.ts';
import { drawingOf, type Bucket } from './chart-scale.ts';
import { useTimeStyle } from './clock.tsx';
import './chart.css';

export interface ChartProps {
  readonly label: string;
  readonly buckets: readonly Bucket[];
  /** Class and name of each count of a bucket, from the bottom up. */
  readonly series: readonly { readonly id: string; readonly name: string }[];
  readonly lines?: readonly { readonly id: string; readonly name: string }[];
  /** Drawn as a dashed line, in milliseconds; 0 = none. */
  readonly limitMs?: number;
  readonly limitName?: string;
  /** What a bucket holds, in words. */
  readonly describe: (index: number) => string;
  readonly onChoose: (index: number) => void;
  readonly height?: number;
}

const leftPx = 36;
const rightPx = 52;

/** Bars over time with lines across them. A bucket is a button: arrows go from one to the next, and Enter narrows to it. */
export function Chart(props: ChartProps): ReactNode {
  const { buckets, series, lines = [], limitMs = 0, height = 96 } = props;
  const place = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const [current, setCurrent] = useState(-1);
  const style = useTimeStyle();
  const locale = useLocale();
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const hasLines = lines.length > 0;
  const inner = Math.max(0, width - leftPx - (hasLines ? rightPx : 8));
  const drawing = drawingOf(buckets, inner, height, limitMs);
  const at = current < 0 || current >= buckets.length ? buckets.length - 1 : current;
  const onKeyDown = (event: KeyboardEvent<SVGElement>): void => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: buckets.length - 1 }[event.key];
    if (event.key === 'Enter' || event.key === ' ') props.onChoose(at);
    else if (to === undefined) return;
    else {
      const next = Math.min(Math.max(to, 0), buckets.length - 1);
      setCurrent(next);
      event.currentTarget.querySelector<SVGElement>(`[data-bucket="${next}"]`)?.focus();
    }
    event.preventDefault();
  };
  const [begin = 0, second = 0] = buckets.map(({ t }) => t);
  const end = (buckets.at(-1)?.t ?? 0) + Math.max(0, second - begin);
  return (
    <figure className="chart" ref={place}>
      {inner <= 0 ? (
        <div style={{ blockSize: height + 28 }} />
      ) : (
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- arrows go from bucket to bucket
        <svg width={width} height={height + 28} role="group" aria-label={props.label} onKeyDown={onKeyDown}>
          <g transform={`translate(${leftPx} 6)`}>
            {drawing.countTicks.map((tick) => (
              <g key={tick.value} className="chart-tick" aria-hidden="true">
                <line x1={0} x2={inner} y1={tick.y} y2={tick.y} />
                <text x={-6} y={tick.y} textAnchor="end" dominantBaseline="middle">
                  {new Intl.NumberFormat(locale, { notation: 'compact' }).format(tick.value)}
                </text>
              </g>
            ))}
            {drawing.bars.map((bar, index) => (
              // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the chart takes the keys
              <g
                // By its place, not by its time: the times move on, and what has the focus must stay.
                // oxlint-disable-next-line react/no-array-index-key
                key={index}
                role="button"
                aria-label={props.describe(index)}
                data-bucket={index}
                tabIndex={index === at ? 0 : -1}
                className="chart-bucket"
                onFocus={() => setCurrent(index)}
                onClick={() => props.onChoose(index)}
              >
                <title>{props.describe(index)}</title>
                <rect className="chart-hit" x={bar.x} y={0} width={bar.width} height={height} />
                {bar.parts.map((part, which) => (
                  <rect
                    key={series[which]?.id}
                    className={`chart-bar chart-${series[which]?.id ?? ''}`}
                    x={bar.x}
                    y={part.y}
                    width={bar.width}
                    height={part.height}
                  />
                ))}
              </g>
            ))}
            <g aria-hidden="true" className="chart-lines">
              {drawing.paths.map((path, which) => (
                <path key={lines[which]?.id} className={`chart-line chart-${lines[which]?.id ?? ''}`} d={path} />
              ))}
              {limitMs > 0 ? (
                <line
                  className="chart-limit"
                  x1={0}
                  x2={inner}
                  y1={drawing.yOfMs(limitMs)}
                  y2={drawing.yOfMs(limitMs)}
                />
              ) : null}
              {hasLines ? (
                <>
                  <text x={inner + 6} y={0} dominantBaseline="middle">
                    {showDuration(drawing.timeTop, locale)}
                  </text>
                  <text x={inner + 6} y={height} dominantBaseline="middle">
                    0
                  </text>
                </>
              ) : null}
            </g>
            <g aria-hidden="true" className="chart-tick">
              <text x={0} y={height + 16}>
                {showMoment(begin, style)}
              </text>
              <text x={inner} y={height + 16} textAnchor="end">
                {showMoment(end, style)}
              </text>
            </g>
          </g>
        </svg>
      )}
      <figcaption className="chart-legend">
        {[...series, ...lines].map(({ id, name }) => (
          <span key={id} className={`chart-key chart-key-${id}`}>
            {name}
          </span>
        ))}
        {limitMs > 0 ? <span className="chart-key chart-key-limit">{props.limitName}</span> : null}
      </figcaption>
    </figure>
  );
}
