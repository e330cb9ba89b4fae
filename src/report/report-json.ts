/** `hone report --json`: the report as one object. What is not known is null. Fields: docs/report.md. */
import type { Report } from './report.ts';

export function formatReportJson(report: Report): string {
  const withNulls = (_key: string, value: unknown) => (value === undefined ? null : value);
  return `${JSON.stringify(report, withNulls, 2)}\n`;
}
