import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openApiText } from './openapi/openapi';
import { schemasOf } from './openapi/openapi-types';

const DOCUMENT = 'docs/reference/openapi/broker.json';

mkdirSync(dirname(DOCUMENT), { recursive: true });
writeFileSync(DOCUMENT, openApiText(schemasOf(readFileSync('src/protocol/broker-api.ts', 'utf8'))));
