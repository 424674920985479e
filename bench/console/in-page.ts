/* What runs in the page: no function uses another one, since the browser gets only its text. */

/** Scrolls to the end until all rows are loaded; gives the times of all frames, in milliseconds. */
export function readToEnd(rows: number): Promise<number[]> {
  const rowPx = 40;
  return new Promise((resolve) => {
    const frames: number[] = [];
    let last = performance.now();
    const next = (): void => {
      const now = performance.now();
      frames.push(now - last);
      last = now;
      window.scrollTo(0, document.documentElement.scrollHeight);
      if ((document.querySelector('.data-list-body')?.clientHeight ?? 0) >= rows * rowPx) resolve(frames);
      else requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
}

/** Scrolls down from the top; gives the times of all frames, in milliseconds. */
export function scroll({ seconds, px }: { seconds: number; px: number }): Promise<number[]> {
  window.scrollTo(0, 0);
  return new Promise((resolve) => {
    const frames: number[] = [];
    let begun = 0;
    let last = 0;
    const next = (now: number): void => {
      if (begun === 0) begun = now;
      else frames.push(now - last);
      last = now;
      window.scrollBy(0, px);
      if (now - begun < seconds * 1000) requestAnimationFrame(next);
      else resolve(frames);
    };
    // The jump to the top is not part of it.
    setTimeout(() => requestAnimationFrame(next), 300);
  });
}

/** Promises how long after the reply to the list's request its rows are drawn. */
export function watchFilter(): void {
  const from = performance.now();
  const grid = document.querySelector('[role="grid"]') ?? document.body;
  const isReply = (one: PerformanceEntry): boolean =>
    /\/(?:incident|history)\/list$/.test(one.name) && one.startTime >= from;
  performance.setResourceTimingBufferSize(100_000);
  (globalThis as unknown as { filtered: Promise<number> }).filtered = new Promise((resolve) => {
    let wasBusy = false;
    const observer = new MutationObserver(() => {
      const isBusy = grid.getAttribute('aria-busy') === 'true';
      wasBusy ||= isBusy;
      if (!wasBusy || isBusy) return;
      observer.disconnect();
      requestAnimationFrame(() =>
        setTimeout(() => {
          const reply = performance.getEntriesByType('resource').find(isReply) as PerformanceResourceTiming | undefined;
          resolve(performance.now() - (reply?.responseEnd ?? Number.NaN));
        }),
      );
    });
    observer.observe(grid, { attributeFilter: ['aria-busy'] });
  });
}

/** Clicks on a row; gives the milliseconds until its panel is drawn. */
export function openRow(index: number): Promise<number> {
  const begun = performance.now();
  const row = `.data-list-item[data-index="${index}"]`;
  document.querySelector<HTMLElement>(`${row} .cell-type`)?.click();
  return new Promise((resolve) => {
    const look = (): void => {
      const isOpen = document.querySelector(`${row}[aria-selected="true"]`) !== null;
      if (isOpen && document.querySelector('.deliveries-beside .attempt') !== null) {
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
      } else requestAnimationFrame(look);
    };
    look();
  });
}

/** Resolves when there is such an element, and it is drawn. */
export function painted(sign: string): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.querySelector(sign) === null) requestAnimationFrame(look);
      else requestAnimationFrame(() => setTimeout(resolve));
    };
    look();
  });
}
