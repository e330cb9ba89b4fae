/** Reports: an application or recordings looked at for some time, as text, JSON and a page. */
export { type Observed, observeApplication } from './observe-application.ts';
export { type ObservedRecording, observeRecording } from './observe-recording.ts';
export type { Report } from './report.ts';
export { formatReportHtml } from './report-html.ts';
export { formatReportJson } from './report-json.ts';
export { formatReportText } from './report-text.ts';
