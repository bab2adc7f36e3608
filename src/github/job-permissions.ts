/** The permissions of a job, as a workflow has them. */

/** The lines that a job needs to publish with its own token. */
export const grantPackagesWrite = 'permissions:\n  contents: read\n  packages: write';

/** The lines that a job needs to ask GitHub for an ID token. */
export const grantIdToken = 'permissions:\n  contents: read\n  id-token: write';

/** The lines that a job needs to attest what it publishes. */
export const grantAttestations = `${grantPackagesWrite}\n  id-token: write\n  attestations: write\n  artifact-metadata: write`;
