import type { ReactNode } from 'react';
import { Button } from './button.tsx';
import './waiting-rows.css';

/** Rows that came while somebody reads wait here, so that no row moves under their eyes. */
export function WaitingRows({
  count,
  label,
  onShow,
}: {
  readonly count: number;
  readonly label: string;
  readonly onShow: () => void;
}): ReactNode {
  return (
    <div className="waiting-rows" role="status">
      {count === 0 ? null : (
        <Button look="primary" icon="superseded" onClick={onShow}>
          {label}
        </Button>
      )}
    </div>
  );
}
