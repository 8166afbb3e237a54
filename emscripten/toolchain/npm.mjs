// The npm dependencies of the checkout, installed when they are missing or older than the lock file.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, say } from './host.mjs';

export const root = join(import.meta.dirname, '../..');

export function ensureNodeModules(directory = root) {
  if (isInstalled(directory)) return;
  say('installing npm dependencies (npm ci)');
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: directory, show: true });
}

/** Whether node_modules holds the packages of the lock file in their versions. */
function isInstalled(directory) {
  const installedLock = join(directory, 'node_modules/.package-lock.json');
  if (!existsSync(installedLock)) return false;
  const packages = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const installed = packages(installedLock);
  const wanted = Object.entries(packages(join(directory, 'package-lock.json')));
  // Optional packages are those of other platforms.
  return wanted.every(
    ([path, { version, optional }]) =>
      path === '' || (installed[path] ? installed[path].version === version : optional),
  );
}
