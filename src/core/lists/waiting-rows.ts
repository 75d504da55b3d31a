/** A row that has not begun. `host` is null if the row holds no address: such a row waits for no host. */
export interface WaitingRow {
  readonly row: number;
  readonly host: string | null;
}

/** Rows that have not begun, by host, in the order of the list. The hosts take turns: the first has waited longest. */
export type WaitingRows = ReadonlyMap<string | null, RowsOfHost>;

interface RowsOfHost {
  readonly rows: readonly number[];
  readonly next: number;
}

/** Puts rows behind those of their host, and a host without rows behind all others. */
export function withWaiting(waiting: WaitingRows, added: Iterable<WaitingRow>): WaitingRows {
  const byHost = new Map<string | null, number[]>();
  for (const { row, host } of added) {
    const rows = byHost.get(host);
    if (rows) rows.push(row);
    else byHost.set(host, [row]);
  }
  const next = new Map(waiting);
  for (const [host, rows] of byHost) {
    const before = next.get(host);
    next.set(host, before ? { ...before, rows: [...before.rows, ...rows] } : { rows, next: 0 });
  }
  return next;
}

/** Takes out the first row of `host`, which goes behind all other hosts. */
export function withoutFirst(waiting: WaitingRows, host: string | null): WaitingRows {
  const next = new Map(waiting);
  const before = next.get(host);
  next.delete(host);
  if (before && before.next + 1 < before.rows.length) next.set(host, { ...before, next: before.next + 1 });
  return next;
}
