/** How `-T fields` lays out its lines: what tshark's -E says. */

/** The defaults are tshark's. */
export interface FieldsLayout {
  /** A line with the fields' names before all others. */
  readonly header: boolean;
  readonly separator: string;
  /** Of several values of a field in one packet: the first, the last, or all. */
  readonly occurrence: 'f' | 'l' | 'a';
  /** Between those values. */
  readonly aggregator: string;
  /** Around each column: nothing, `"` or `'`. */
  readonly quote: string;
  /** A UTF-8 byte order mark before everything. */
  readonly bom: boolean;
}

export const DEFAULT_FIELDS_LAYOUT: FieldsLayout = {
  header: false,
  separator: '\t',
  occurrence: 'a',
  aggregator: ',',
  quote: '',
  bom: false,
};
