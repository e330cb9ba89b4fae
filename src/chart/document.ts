/**
 * One file that holds a whole page: nothing is loaded, nothing runs, a Content Security Policy says so to the browser. Light or
 * dark as the reader's system is; black on white when printed.
 */
import { STYLE } from './document-style.ts';
import { type Content, html, type Markup } from './markup.ts';

export interface DocumentSection {
  readonly heading: string;
  /** For links to it: letters, digits and dashes. */
  readonly id?: string;
  readonly body: Content;
}

export interface DocumentOptions {
  readonly title: string;
  /** Below the title: what, when, by which version. */
  readonly lead?: Content;
  readonly sections: readonly DocumentSection[];
  /** The page's last lines. */
  readonly footer?: Content;
}

const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

export function formatDocument({ title, lead, sections, footer }: DocumentOptions): string {
  const page = html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta http-equiv="Content-Security-Policy" content="${POLICY}"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<link rel="icon" href="data:,"/>
<title>${title}</title>
${STYLE}
</head>
<body>
<header><h1>${title}</h1>
${lead === undefined ? undefined : html`<div class="lead">${lead}</div>\n`}</header>
<main>
${sections.map(formatSection)}</main>
${footer === undefined ? undefined : html`<footer>${footer}</footer>\n`}</body>
</html>
`;
  return page.toString();
}

function formatSection({ heading, id, body }: DocumentSection): Markup {
  const name = id === undefined ? undefined : html` id="${id}"`;
  return html`<section${name}><h2>${heading}</h2>\n${body}</section>\n`;
}
