import fc from 'fast-check';
import { boundaryOf, formFields } from '../../../../sidecar/src/session/files/multipart';

async function* cut(body: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let turn = 0; at < body.length; turn += 1) {
    const size = sizes.length === 0 ? body.length : sizes[turn % sizes.length];
    yield body.subarray(at, at + size);
    at += size;
  }
}

async function read(body: Buffer, sizes: readonly number[] = [], boundary = 'edge'): Promise<readonly (readonly [string, string])[]> {
  const fields: [string, string][] = [];
  for await (const { name, body: content } of formFields(cut(body, sizes), boundary)) {
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    fields.push([name, Buffer.concat(pieces).toString('latin1')]);
  }
  return fields;
}

const field = (header: string, content: string): string => `--edge\r\n${header}\r\n\r\n${content}\r\n`;
const named = (name: string, content: string): string => field(`Content-Disposition: form-data; name="${name}"`, content);
const form = (...parts: string[]): Buffer => Buffer.from(`${parts.join('')}--edge--\r\n`, 'latin1');

test('fields are read whatever they hold and however they arrive', async () => {
  const part = fc.constantFrom('\r', '\n', '-', '--', '--edge', '\r\n--edg', '\r\n--', 'x', '\0', '\u00ff');
  const content = fc.array(part, { maxLength: 12 }).map((all) => all.join('')).filter((text) => !text.includes('\r\n--edge') && !text.startsWith('--edge'));
  const cuts = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  await fc.assert(fc.asyncProperty(fc.array(content, { maxLength: 4 }), cuts, async (contents, sizes) => {
    const parts = contents.map((text, at) => named(`f${at}`, text));
    expect(await read(form(...parts), sizes)).toEqual(contents.map((text, at) => [`f${at}`, text]));
  }), { numRuns: 300 });
});

test('what comes before the first field and after the last is left out', async () => {
  const body = Buffer.concat([Buffer.from('hello\r\n'), form(named('a', '1')), Buffer.from('bye')]);
  expect(await read(body)).toEqual([['a', '1']]);
});

test('a field that nobody reads is skipped', async () => {
  const names: string[] = [];
  for await (const { name } of formFields(cut(form(named('a', 'x'.repeat(100)), named('b', '')), [7]), 'edge')) names.push(name);
  expect(names).toEqual(['a', 'b']);
});

test.each([
  ['form-data; name="a"', 'a'], ['form-data; name=a', 'a'], ['form-data; filename="x"; name="a"', 'a'], ['FORM-DATA;NAME="a"', 'a'], ['form-data; name="a\\"b"', 'a"b'],
  ['form-data; filename="; name=evil"; name="a"', 'a'], ['form-data; filename="\\"; name=evil"; name="a"', 'a'],
])('the name in %j is %j', async (header, name) => {
  expect((await read(form(field(`X: y\r\ncontent-disposition: ${header}`, ''))))[0][0]).toBe(name);
});

test.each<[string, Buffer, string]>([
  ['without an end', Buffer.from(named('a', '1')), 'the form ended early'],
  ['without anything', Buffer.from(''), 'the form ended early'],
  ['without a delimiter', Buffer.from('a=1&b=2'), 'the form ended early'],
  ['with another delimiter', Buffer.from('--other--\r\n'), 'the form ended early'],
  ['with something behind a delimiter', Buffer.from('--edgex\r\n'), 'a delimiter of the form is followed by something else'],
  ['with a field without headers', form('--edge\r\n\r\n\r\n1\r\n'), 'a field of the form has no name'],
  ['with a field without name', form(field('Content-Disposition: form-data', '1')), 'a field of the form has no name'],
  ['with a file name only', form(field('Content-Disposition: form-data; filename="name=a"', '1')), 'a field of the form has no name'],
  ['with an attachment', form(field('Content-Disposition: attachment; name="a"', '1')), 'a field of the form has no name'],
  ['with long headers', form(field(`X: ${'y'.repeat(9000)}`, '1')), 'the headers of a field are longer than 8192 bytes'],
])('a form %s is refused', async (_name, body, message) => {
  await expect(read(body)).rejects.toThrow(message);
  await expect(read(body, [1])).rejects.toThrow(message);
});

test('the boundary is the one that the type names', () => {
  expect(boundaryOf('multipart/form-data; boundary=a-b')).toBe('a-b');
  expect(boundaryOf('Multipart/Form-Data; charset=x; Boundary="a b"')).toBe('a b');
});

test.each(['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""', `multipart/form-data; boundary=${'x'.repeat(71)}`])('the type %s is refused', (type) => {
  expect(() => boundaryOf(type)).toThrow('the content type needs a boundary of at most 70 characters');
});
