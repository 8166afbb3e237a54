// Lets Jest run TypeScript: esbuild drops the types, `npm run typecheck` checks them.
import { transformSync } from 'esbuild';

const transformer = {
  process(source, path) {
    const { code } = transformSync(source, {
      loader: 'ts',
      format: 'esm',
      target: 'node20',
      sourcefile: path,
      sourcemap: 'inline',
    });
    return { code };
  },
};

export default transformer;
