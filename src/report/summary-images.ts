/** The sizes in the job summary: of each platform, and of the layers of the first one. */

import { formatSize } from '../text/size.ts';
import { drawWeight } from './charts.ts';
import type { WeighedImage, WeighedLayer } from './image-sizes.ts';
import { details } from './markdown.ts';
import type { SummaryWriter } from './summary-writer.ts';

/** How much of an instruction a cell of a table shows. */
const mostOfInstruction = 300;

function nameOf({ instruction, digest }: WeighedLayer): string {
  return instruction === '' ? digest.slice(0, 'sha256:'.length + 12) : instruction;
}

export function writeImages(images: readonly WeighedImage[], writer: SummaryWriter): readonly string[] {
  const [first] = images;
  if (first === undefined) return [];
  const rows = images.map(({ platform, size, layers, digest }) => [
    writer.code(platform),
    formatSize(size),
    String(layers.length),
    writer.code(digest),
  ]);
  const layers = first.layers.map(({ size, instruction, digest }) => [
    formatSize(size),
    writer.code(instruction, mostOfInstruction),
    writer.code(digest),
  ]);
  return [
    `### Sizes\n\n${writer.table(['Platform', 'Size', 'Layers', 'Digest'], rows)}`,
    drawWeight(
      `${first.platform} ${formatSize(first.size)}`,
      first.layers.map((layer) => ({ name: writer.plain(nameOf(layer)), size: layer.size })),
    ),
    details(`Layers of ${writer.code(first.platform)}`, writer.table(['Size', 'Instruction', 'Digest'], layers)),
  ];
}
