const { transformSync } = require('esbuild');

/** jest transformer: an ESM-only package to CommonJS. */
module.exports = {
  process(source, path) {
    return { code: transformSync(source, { format: 'cjs', target: 'node20', sourcefile: path }).code };
  },
};
