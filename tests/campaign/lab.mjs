// A server for runs in real browsers, and what is known of a run from what it reports.
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root } from '../../emscripten/toolchain/npm.mjs';

const TYPES = { '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };

/** The package at /, an empty page at /page, and what the page reports; `others` are texts by path. */
export async function openServer(hear, others = {}) {
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      let text = '';
      request.on('data', (part) => (text += part));
      request.on('end', () => {
        hear(JSON.parse(text));
        response.end();
      });
      return;
    }
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname === '/page') {
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>kills</title>');
      return;
    }
    const file =
      pathname === '/scenario.mjs'
        ? join(import.meta.dirname, 'scenario.mjs')
        : join(root, 'dist', pathname);
    try {
      response.setHeader('Content-Type', TYPES[extname(file)] ?? 'text/plain');
      // Many tabs load the same.
      response.setHeader('Cache-Control', 'max-age=3600');
      response.end(others[pathname] ?? readFileSync(file));
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { server, url: `http://localhost:${server.address().port}/page` };
}

const orderOf = ({ epoch, batch }) => epoch * 1e6 + batch;

/** One run in a browser profile, and what is wrong with what it reports. */
export class Victim {
  last = null;
  problems = [];
  ended = null;
  error = null;
  resumes = 0;
  begun = false;
  #settle = () => {};

  /** Resolves when the next state is reported saved, the run is over or so long has passed: whether one was. */
  nextSaved(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), milliseconds);
      this.#settle = (isSaved) => {
        clearTimeout(timer);
        resolve(isSaved);
      };
    });
  }

  hear(report) {
    if (report.type === 'begin') this.begun = true;
    if (report.type === 'saved' && (!this.last || orderOf(report) >= orderOf(this.last))) {
      this.last = report;
      this.#settle(true);
    }
    if (report.type === 'resumed') {
      ++this.resumes;
      if (report.warnings.length > 0) this.problems.push(report.warnings.join('; '));
      if (this.last && orderOf(report) < orderOf(this.last)) {
        this.problems.push(
          `resumed at ${report.epoch}.${report.batch} after ${this.last.epoch}.${this.last.batch} was saved`,
        );
      }
      this.last = report;
    }
    if (report.type === 'fresh' && this.last) {
      const { epoch, batch } = this.last;
      this.problems.push(`began anew after ${epoch}.${batch} was saved (${report.text})`);
    }
    if (report.type === 'end') this.ended = report;
    if (report.type === 'end' || report.type === 'error') this.#settle(false);
    if (report.type === 'error') {
      this.error = report;
      if (report.code !== 'QUOTA_EXCEEDED') this.problems.push(report.text);
    }
  }
}

export const newProfile = () => mkdtempSync(join(tmpdir(), 'tabtrain-campaign-'));

/** Starts the run of scenario.mjs in a page. */
export const begin = (page, options) =>
  page.evaluate((given) => {
    import('/scenario.mjs').then(({ run }) => run(given));
  }, options);

/** Waits until `holds`; whether it came to hold within `seconds`. */
export async function until(holds, seconds = 60) {
  const deadline = performance.now() + seconds * 1000;
  while (!holds() && performance.now() < deadline) await sleep(20);
  return holds();
}
