/** What docker/metadata-action answered to recorded runs (__tests__/conformance/README.md). */

import { readFileSync } from 'node:fs';

export interface RecordedCase {
  readonly id: number;
  readonly kind: string;
  readonly env: Readonly<Record<string, string>>;
  readonly event: unknown;
  readonly inputs: Readonly<Record<string, string>>;
  readonly expect: {
    readonly version: string;
    readonly tags: readonly string[];
    readonly labels: readonly string[];
    readonly annotations: readonly string[];
  };
}

export interface Recording {
  readonly source_date_epoch: number;
  readonly cases: readonly RecordedCase[];
}

const file = new URL('../../conformance/metadata-cases.json', import.meta.url);

export const recording: Recording = JSON.parse(readFileSync(file, 'utf8'));
