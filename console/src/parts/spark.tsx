import type { ReactNode } from 'react';
import './spark.css';

interface SparkProps {
  readonly hours: readonly { readonly delivered: number; readonly failed: number }[];
  readonly label: string;
}

const barWidth = 4;
const height = 20;

/** A bar for each hour; those that did not arrive are dark and stand below the others. */
export function Spark({ hours, label }: SparkProps): ReactNode {
  const most = Math.max(1, ...hours.map(({ delivered, failed }) => delivered + failed));
  const high = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * height));
  return (
    <svg
      role="img"
      aria-label={label}
      className="spark"
      viewBox={`0 0 ${hours.length * barWidth} ${height}`}
      width={hours.length * barWidth}
      height={height}
    >
      <title>{label}</title>
      {hours.map(({ delivered, failed }, hour) => {
        const x = hour * barWidth;
        const [bad, all] = [high(failed), Math.min(height, high(delivered + failed))];
        return (
          // oxlint-disable-next-line react/no-array-index-key -- an hour is its place
          <g key={hour}>
            {all === 0 ? <rect className="spark-none" x={x} y={height - 1} width={barWidth - 1} height={1} /> : null}
            <rect className="spark-delivered" x={x} y={height - all} width={barWidth - 1} height={all - bad} />
            <rect className="spark-failed" x={x} y={height - bad} width={barWidth - 1} height={bad} />
          </g>
        );
      })}
    </svg>
  );
}
