// Draws a job summary as GitHub would show it: node scripts/picture.js SUMMARY PICTURE.png
// Mermaid and GitHub's style sheet are installed into a temporary folder; Chromium is the machine's (CHROMIUM names it).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

const [source = '', picture = '', height = '1600'] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'picture-'));

/** @type {(program: string, args: string[]) => void} */
function must(program, args) {
  const { status, stderr, error } = spawnSync(program, args, { cwd: folder, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
}

try {
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  must('npm', ['install', '--silent', 'mermaid@11.12.0', 'github-markdown-css@5.8.1']);
  const html = micromark(readFileSync(source, 'utf8'), {
    allowDangerousHtml: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  })
    .replaceAll(/<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g, '<pre class="mermaid">$1</pre>')
    // GitHub's alerts are no part of the grammar.
    .replaceAll(/<blockquote>\s*<p>\[!CAUTION\]\s*/g, '<blockquote class="caution"><p><b>Caution</b></p><p>');
  const page = `<!doctype html><meta charset="utf-8">
<link rel="stylesheet" href="node_modules/github-markdown-css/github-markdown-light.css">
<style>body { margin: 24px 32px; width: 940px } .mermaid { background: none !important }
blockquote.caution { border-color: #d1242f !important; color: inherit !important } .caution b { color: #d1242f }</style>
<article class="markdown-body">${html}</article>
<script src="node_modules/mermaid/dist/mermaid.min.js"></script>
<script>mermaid.initialize({ startOnLoad: true, theme: 'default' })</script>`;
  writeFileSync(join(folder, 'page.html'), page);
  must(process.env.CHROMIUM ?? 'chromium', [
    '--headless',
    '--no-sandbox',
    '--allow-file-access-from-files',
    '--hide-scrollbars',
    `--window-size=1004,${height}`,
    '--virtual-time-budget=10000',
    `--screenshot=${resolve(picture)}`,
    pathToFileURL(join(folder, 'page.html')).href,
  ]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
