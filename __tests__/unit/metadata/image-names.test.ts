import { describe, expect, test } from '@jest/globals';
import { formatRepository } from '../../../src/image/repository.ts';
import { parseImages } from '../../../src/metadata/image-names.ts';
import { thrownBy } from '../../support/to-throw-code.ts';
import { codesOf } from './naming.ts';

describe('images', () => {
  test.each([
    ['one name a line', 'ghcr.io/a/b\nlocalhost:5000/c', ['ghcr.io/a/b', 'localhost:5000/c']],
    ['several names between commas', 'ghcr.io/a/b,user/app', ['ghcr.io/a/b', 'docker.io/user/app']],
    ['names are lower-cased', 'ghcr.io/MyUSER/MyApp', ['ghcr.io/myuser/myapp']],
    ['name= is the same', 'name=user/app', ['docker.io/user/app']],
    ['enable=false leaves a name out', 'name=user/app,enable=false\nghcr.io/a/b', ['ghcr.io/a/b']],
    ['a name without name= may have enable, too', 'user/app,enable=true', ['docker.io/user/app']],
    ['comments and empty lines are no names', '# x\n\nuser/app', ['docker.io/user/app']],
    ['nothing is no name', '', []],
  ])('%s', (_title, text, names) => {
    expect(parseImages(text).map(formatRepository)).toEqual(names);
  });

  test.each([
    ['an attribute is unknown', 'name=user/app,tag=1', 'IMAGES_INVALID'],
    ['the name is empty', 'name=,enable=true', 'IMAGES_INVALID'],
    ['there is no name', 'enable=true', 'IMAGES_INVALID'],
    ['enable is an expression', 'name=user/app,enable={{is_default_branch}}', 'IMAGES_INVALID'],
    ['a name has a tag', 'user/app:1', 'REPOSITORY_INVALID'],
    ['a name is malformed, even if left out', 'name=user//app,enable=false', 'REPOSITORY_INVALID'],
    ['quotation marks do not pair', '"user/app', 'IMAGES_INVALID'],
  ])('is an error when %s', (_title, text, code) => {
    expect(codesOf(() => parseImages(text))).toEqual([code]);
  });

  test.each(['ghcr.io/a//b', 'user/app:1', 'a'.repeat(300), '0'.repeat(64)])(
    'the remedy is about `images`: %s',
    (name) => {
      expect(thrownBy(() => parseImages(name))).toMatchObject({
        remedy: expect.stringMatching(/^(?!.*`image`).*`images`/s),
      });
    },
  );
});
