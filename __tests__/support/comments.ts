/** The comments of a source file, as texts that people read. */

/** A string, a template or a regular expression, in which no comment begins; or a comment. */
const token =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*(?=[\s.,;)\]])|\/\*[\s\S]*?\*\/|(?:^|[ \t])\/\/.*(?:\n[ \t]*\/\/.*)*/gm;

/**
 * @param source of TypeScript or JavaScript
 * @returns each comment without its marks, lines on end joined; a tag of a docstring (`@param name`) begins a paragraph
 */
export function commentsIn(source: string): readonly string[] {
  return (source.match(token) ?? [])
    .filter((found) => /^\s*\/[*/]/.test(found))
    .map((comment) =>
      comment
        .replaceAll(/^\s*\/\*+|\*+\/\s*$/g, '')
        .replaceAll(/^[ \t]*(?:\*|\/\/)[ \t]?/gm, '')
        .replaceAll(/^@\w+[ \t]*(?:\{[^}]*\}[ \t]*)?/gm, '\n\n')
        .trim(),
    )
    .filter((comment) => comment !== '' && !comment.startsWith('biome-ignore'));
}
