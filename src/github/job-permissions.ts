/** The permissions of a job, as a workflow has them. */

/** The lines that a job needs to publish with its own token. */
export const grantPackagesWrite = 'permissions:\n  contents: read\n  packages: write';

/** The lines that a job needs to ask GitHub for an ID token. */
export const grantIdToken = 'permissions:\n  contents: read\n  id-token: write';
