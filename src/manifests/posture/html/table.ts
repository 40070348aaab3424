import { html, Markup, NOTHING } from './markup';

export type Cell = Markup | string;

/** A table with a caption. On a narrow screen its rows are stacked, and each cell says what it is. */
export interface TableOptions<Row> {
  readonly caption: string;
  readonly rows: readonly Row[];
  readonly columns: readonly string[];
  readonly cells: (row: Row, index: number) => readonly Cell[];
  readonly rowId?: (index: number) => string;
  /** What stands there instead of a table without rows. */
  readonly empty: string;
}

export function table<Row>({ caption, rows, columns, cells, rowId, empty }: TableOptions<Row>): Markup {
  if (rows.length === 0) return html`<p class="soft">${empty}</p>`;
  return html`<table><caption>${caption}</caption><thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>
${rows.map((row, index) => html`<tr${rowId === undefined ? NOTHING : html` id="${rowId(index)}"`}>${cells(row, index).map((cell, at) => (
  at === 0 ? html`<th scope="row" data-label="${columns[at]}"><div>${cell}</div></th>` : html`<td data-label="${columns[at]}"><div>${cell}</div></td>`))}</tr>
`)}</tbody></table>`;
}

/** Texts below each other; a few words where there are none. */
export function list(texts: readonly Cell[], none = '–'): Cell {
  if (texts.length === 0) return html`<span class="soft">${none}</span>`;
  return texts.length === 1 ? texts[0] : html`<ul>${texts.map((text) => html`<li>${text}</li>`)}</ul>`;
}

export function code(text: string): Markup {
  return html`<code>${text}</code>`;
}

export function good(text: string): Markup {
  return html`<span class="good">${text}</span>`;
}

export function bad(text: string): Markup {
  return html`<span class="bad">${text}</span>`;
}
