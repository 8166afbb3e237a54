// The development server: what the page's security and isolation rest on, over HTTP and in Chromium.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { serve } from '../../web/serve.mjs';
import { launchChromium } from '../chromium.mjs';

let directory;
let server;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tabtrain-server-'));
  mkdirSync(join(directory, 'site'));
  mkdirSync(join(directory, 'site-secret'));
  writeFileSync(join(directory, 'secret.txt'), 'secret');
  writeFileSync(join(directory, 'site-secret/a.txt'), 'secret');
  writeFileSync(
    join(directory, 'site/index.html'),
    '<!doctype html><title>a</title><script src="a.js"></script>',
  );
  writeFileSync(join(directory, 'site/a.js'), 'document.title = String(crossOriginIsolated);');
  writeFileSync(join(directory, 'site/a.wasm'), '\0asm');
  server = await serve({ port: 0, mounts: { '/': join(directory, 'site') } });
});

after(async () => {
  await server?.close();
  rmSync(directory, { recursive: true, force: true });
});

/** The raw path goes out as it is: fetch() would resolve dots itself. */
function get(path, options = {}) {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: server.port, path, ...options }, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

test('types and headers', async () => {
  const index = await get('/');
  assert.equal(index.status, 200);
  assert.match(index.headers['content-type'], /^text\/html/);
  assert.match((await get('/a.js')).headers['content-type'], /^text\/javascript/);
  const wasm = await get('/a.wasm');
  assert.equal(wasm.headers['content-type'], 'application/wasm');
  assert.equal(wasm.body, '\0asm');
  for (const { headers } of [index, wasm, await get('/missing')]) {
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
    assert.equal(headers['cross-origin-embedder-policy'], 'require-corp');
    assert.equal(headers['cross-origin-resource-policy'], 'same-origin');
    assert.match(headers['content-security-policy'], /script-src 'self' 'wasm-unsafe-eval'(;|$)/);
    assert.doesNotMatch(headers['content-security-policy'], /'unsafe-(eval|inline)'/);
  }
});

test('an unchanged file is not sent again', async () => {
  const { headers } = await get('/a.js');
  const again = await get('/a.js', { headers: { 'If-None-Match': headers.etag } });
  assert.equal(again.status, 304);
  assert.equal(again.body, '');
});

test('nothing outside the mounts', async () => {
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/x/..%2f..%2fsecret.txt',
    '/..%5csecret.txt',
    '/..%2fsite-secret/a.txt',
    '//etc/passwd',
    '/a.js%00.html',
    '/%',
    '/.',
  ]) {
    const { body } = await get(path);
    assert.doesNotMatch(body, /secret|root:/, path);
  }
  assert.equal((await get('/..%2fsecret.txt')).status, 404);
});

test('only GET and HEAD', async () => {
  assert.equal((await get('/a.js', { method: 'POST' })).status, 405);
  const head = await get('/a.js', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(head.body, '');
});

test('a busy port: the next free one', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const busy = other.address().port;
  const second = await serve({ port: busy, mounts: {} });
  assert.ok(second.port > busy);
  await second.close();
  other.close();
});

test('Chromium: isolated, and no string becomes code', async () => {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    assert.equal(await page.title(), 'true');
    const blocked = await page.evaluate(async () => {
      const violations = [];
      document.addEventListener('securitypolicyviolation', (event) =>
        violations.push(event.effectiveDirective),
      );
      const inline = document.createElement('script');
      inline.textContent = 'document.title = "inline"';
      document.body.append(inline);
      const wasm = await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { violations, title: document.title, wasm: String(wasm) };
    });
    assert.deepEqual(blocked, {
      violations: ['script-src-elem'],
      title: 'true',
      wasm: '[object WebAssembly.Module]',
    });
    // Playwright's own evaluate is exempt from the policy, so the page itself has to try.
    writeFileSync(
      join(directory, 'site/a.js'),
      'try { eval("1"); } catch (error) { document.title = error.name; }',
    );
    await page.reload();
    assert.equal(await page.title(), 'EvalError');
  } finally {
    await browser.close();
  }
});
