import { counted, formatCount } from "../core/words/counted.js";
import { printable } from "../core/words/printable.js";
import type { VaultStatistics } from "../search/statistics.js";
import type { TableView } from "./capture-list.js";
import { renderTable } from "./table.js";
import { labelled } from "./text-layout.js";
import { formatBytes, formatTimeHere } from "./units.js";

/** As many sites fit on a screen; `--json` has all. */
const mostSites = 20;

type Row = VaultStatistics["sites"][number] & { readonly name: string };

/** The page of `stats`: what a vault holds, then by site and by month. */
export function statisticsPage(found: VaultStatistics, view: TableView): readonly string[] {
  const sites = found.sites.map((site) => ({ ...site, name: site.host ?? "files without an address" }));
  const months = found.months.map((month) => ({ ...month, host: null, name: month.month }));
  const more = sites.length - mostSites;
  return [
    ...labelled(facts(found, view), view.columns, ""),
    ...(sites.length === 0 ? [] : ["", ...tallyTable("SITE", sites.slice(0, mostSites), view)]),
    ...(more > 0 ? [`and ${counted(more, "more site")}: holdfast stats --json`] : []),
    ...(months.length === 0 ? [] : ["", ...tallyTable("MONTH (UTC)", months, view)]),
  ];
}

function facts(
  found: VaultStatistics,
  { zone, inVault = (words) => words }: TableView,
): readonly (readonly [string, ...(string | null)[]])[] {
  const { bytes, oldest, newest, without_keyframes: bare, without_time_stamp: unstamped } = found;
  const dated = (one: typeof oldest) =>
    one === null ? null : `${formatTimeHere(one.at, zone)}, ${printable(one.id, 40)}`;
  return [
    [
      "captures",
      countsOf(
        found.captures,
        found.statuses.map(({ status, count }) => [status, count]),
        ["failed"],
      ),
    ],
    ["failed", found.failed === 0 ? null : counted(found.failed, "attempt")],
    [
      "decoded",
      countsOf(
        null,
        found.decodes.map(({ decode, count }) => [decode ?? "not yet", count]),
      ),
    ],
    [
      "rendition",
      countsOf(
        null,
        found.renditions.map(({ grade, count }) => [grade ?? "not stated", count]),
      ),
    ],
    ["oldest", dated(oldest)],
    ["newest", dated(newest)],
    ["media", formatBytes(bytes.media)],
    ["evidence", `${formatBytes(bytes.evidence)}: the media, and records and pages beside them`],
    ["derived", `${formatBytes(bytes.derived)}: keyframes and what else was made of them`],
    ["database", formatBytes(bytes.database)],
    [
      "keyframes",
      bare === 0 ? null : inVault(`${counted(bare, "capture")} without them yet: holdfast derive`),
    ],
    ["time-stamps", inVault(stampWords(unstamped, found.asks_for_time_stamps))],
  ];
}

/** For instance `5: 4 captured, 1 incomplete`. Null where there is nothing to count. */
function countsOf(
  total: number | null,
  counts: readonly (readonly [word: string, count: number])[],
  without: readonly string[] = [],
): string | null {
  const parts = counts
    .filter(([word]) => !without.includes(word))
    .map(([word, count]) => `${formatCount(count)} ${printable(word, 40)}`);
  if (total === null) return parts.length === 0 ? null : parts.join(", ");
  return parts.length === 0 ? formatCount(total) : `${formatCount(total)}: ${parts.join(", ")}`;
}

function stampWords(unstamped: number, isAsked: boolean): string {
  if (!isAsked) return "no authority is asked for them";
  return unstamped === 0
    ? "every capture has an outside one"
    : `${counted(unstamped, "capture")} without an outside one yet: holdfast checkpoint`;
}

function tallyTable(title: string, rows: readonly Row[], { columns, style }: TableView): readonly string[] {
  const [head = "", ...lines] = renderTable(
    rows,
    [
      { title, cell: ({ name }) => printable(name, 100), shrinkTo: 12, dropOrder: 0 },
      {
        title: "CAPTURES",
        cell: (row) => formatCount(row.captures),
        shrinkTo: null,
        dropOrder: 0,
        right: true,
      },
      { title: "FAILED", cell: (row) => formatCount(row.failed), shrinkTo: null, dropOrder: 1, right: true },
      { title: "MEDIA", cell: (row) => formatBytes(row.bytes), shrinkTo: null, dropOrder: 2, right: true },
    ],
    columns,
  );
  return [style.bold(head), ...lines];
}
