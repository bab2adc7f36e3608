/** The sizes in the job summary: of each platform, and of the layers of the first one. */

import { formatSize } from '../text/size.ts';
import { drawWeight } from './charts.ts';
import type { Change, WeighedImage, WeighedLayer } from './image-sizes.ts';
import { details } from './markdown.ts';
import type { SummaryWriter } from './summary-writer.ts';

/** How much of an instruction a cell of a table shows. */
const mostOfInstruction = 300;

function nameOf({ instruction, digest }: WeighedLayer): string {
  return instruction === '' ? digest.slice(0, 'sha256:'.length + 12) : instruction;
}

/** By how much an image grew or shrank, and how many of its layers have to be pulled anew. */
function describeChange(change: Change | undefined): string {
  if (change === undefined) return 'new';
  const { bytes, newLayers } = change;
  const size = bytes === 0 ? 'same size' : `${bytes > 0 ? '+' : '\u2212'}${formatSize(Math.abs(bytes))}`;
  return `${size}, ${newLayers} new ${newLayers === 1 ? 'layer' : 'layers'}`;
}

export function writeImages(images: readonly WeighedImage[], writer: SummaryWriter): readonly string[] {
  const [first] = images;
  if (first === undefined) return [];
  const since = images.find(({ change }) => change !== undefined)?.change?.since;
  const rows = images.map(({ target, platform, size, layers, change, digest }) => [
    ...(target === undefined ? [] : [writer.code(target)]),
    writer.code(platform),
    formatSize(size),
    ...(since === undefined ? [] : [describeChange(change)]),
    String(layers.length),
    writer.code(digest),
  ]);
  const sinceThen = since === undefined ? [] : [`Since ${writer.code(since)}`];
  const ofTarget = first.target === undefined ? [] : ['Target'];
  const whose = [first.target, first.platform].filter((each) => each !== undefined).join(' ');
  const layers = first.layers.map(({ size, instruction, digest }) => [
    formatSize(size),
    writer.code(instruction, mostOfInstruction),
    writer.code(digest),
  ]);
  return [
    `### Sizes\n\n${writer.table([...ofTarget, 'Platform', 'Size', ...sinceThen, 'Layers', 'Digest'], rows)}`,
    drawWeight(
      `${whose} ${formatSize(first.size)}`,
      first.layers.map((layer) => ({ name: writer.plain(nameOf(layer)), size: layer.size })),
    ),
    details(`Layers of ${writer.code(whose)}`, writer.table(['Size', 'Instruction', 'Digest'], layers)),
  ];
}
