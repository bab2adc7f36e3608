/** The services that the clouds are played by refuse what the real ones would, or no login of a test would mean anything. */

import { expect, test } from '@jest/globals';
import { amazonSignature } from './clouds.ts';

test('a signature is that of Amazon’s published example', () => {
  // https://docs.aws.amazon.com/general/latest/gr/sigv4-create-canonical-request.html: ListUsers of IAM.
  const asked = {
    method: 'GET',
    url: new URL('https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08'),
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: 'iam.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
    },
    body: '',
  };
  const signature = amazonSignature(
    asked,
    ['content-type', 'host', 'x-amz-date'],
    '20150830/us-east-1/iam/aws4_request',
    'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  );
  expect(signature).toBe('5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7');
});
