/**
 * Templates: text with expressions in double braces, as in docker/metadata-action.
 */

/** What a template may name. */
export interface Scope {
  readonly names: Readonly<Record<string, unknown>>;
  /** Dates that can be formatted: `{{date 'YYYYMMDD' tz='Asia/Tokyo'}}`. */
  readonly dates: Readonly<Record<string, Date>>;
  /** Takes what is odd, but no error. */
  readonly warn: (warning: string) => void;
}

export interface Template {
  /** As written. */
  readonly text: string;
  /** @throws InputError EXPRESSION_INVALID for an unknown function or option */
  readonly render: (scope: Scope) => string;
}
