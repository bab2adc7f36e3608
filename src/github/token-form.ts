/** Which kind of token a text is (docs.github.com, "About authentication to GitHub", GitHub's token formats). */

/**
 * The forms of GitHub's tokens
 * (https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats).
 */
export function tokenForm(token: string): 'installation' | 'classic' | 'fine-grained' | 'user' | 'other' {
  if (token.startsWith('ghs_')) return 'installation';
  if (token.startsWith('ghp_')) return 'classic';
  if (token.startsWith('github_pat_')) return 'fine-grained';
  if (/^gh[our]_/.test(token)) return 'user';
  return 'other';
}
