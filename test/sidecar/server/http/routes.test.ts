import { RouteTable } from '../../../../sidecar/src/server/http/routes';

function tableOf(...routes: [string, string | string[]][]): RouteTable {
  const table = new RouteTable();
  for (const [url, methods] of routes) table.add(url, methods);
  return table;
}

const TABLE = tableOf(['/v1/issue', 'POST'], ['/api/files/:name', ['GET', 'DELETE']], ['/api/files/:name', 'PUT'], ['/x/*', 'GET'], ['/api/files/list', 'POST']);

test.each([
  ['/v1/issue', ['POST']],
  ['/api/files/a', ['DELETE', 'GET', 'PUT']],
  ['/api/files/list', ['DELETE', 'GET', 'POST', 'PUT']],
  ['/x/', ['GET']],
  ['/x/a/b', ['GET']],
])('%s answers to %j', (path, methods) => {
  expect(TABLE.methodsOf(path)).toEqual(methods);
});

test.each(['/', '', '/v1', '/v1/issue/', '/V1/issue', '/v1/issue/x', '/api/files/', '/api/files/a/b', '/x', '//v1/issue'])('%j is not there', (path) => {
  expect(TABLE.methodsOf(path)).toEqual([]);
});
