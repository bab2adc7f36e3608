/** An annotation of a manifest, an index, or a descriptor (image-spec, annotations.md). */
export interface Annotation {
  /** `manifest`, `index`, `manifest-descriptor` or `index-descriptor`, perhaps with `[PLATFORM]`. */
  readonly level: string;
  readonly name: string;
  readonly value: string;
}
