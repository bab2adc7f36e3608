/** The permissions of a job, as a workflow has them. */

/** The lines that a job needs to publish with its own token. */
export const grantPackagesWrite = 'permissions:\n  contents: read\n  packages: write';
