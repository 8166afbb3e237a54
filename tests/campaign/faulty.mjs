// Storage of which one operation goes wrong, in each way that there is.

const CODES = ['QUOTA_EXCEEDED', 'STORAGE_UNAVAILABLE', 'INVALID_ARGUMENT', 'INTERNAL'];
/** The ways in which an operation goes wrong; those that kill let nothing happen afterwards. */
export const WAYS = [
  ...CODES.map((code) => ({ name: code, code })),
  { name: 'dies before', kills: true },
  { name: 'dies after', kills: true, does: true },
  { name: 'is lost' },
  { name: 'first file only, dies', kills: true, files: 1 },
  { name: 'first file only, unnoticed', files: 1 },
  { name: 'half of a file, dies', kills: true, half: true },
  { name: 'half of a file, unnoticed', half: true },
  { name: 'other bytes, unnoticed', other: true },
];

/** A backend whose operation number `at` goes wrong in this way. Who dies hears nothing any more. */
export class Faulty {
  constructor(backend, at, way, TabtrainError) {
    Object.assign(this, { backend, at, way, TabtrainError, count: 0, dead: false, kind: 'memory' });
    this.onDeath = () => {};
  }
  list = (dir) => this.do('list', () => this.backend.list(dir), []);
  readAll = (paths) =>
    this.do('read', () => this.backend.readAll(paths), Array(paths.length).fill(null));
  exists = (path) => this.do('exists', () => this.backend.exists(path), false);
  remove = (path) => this.do('remove', () => this.backend.remove(path), true);
  commit = (files) =>
    this.do('commit', (part = files) => this.backend.commit(part), undefined, files);
  lock = (dir) => this.backend.lock(dir);

  async do(name, task, nothing, files) {
    if (this.dead) return this.afterDeath();
    if (++this.count !== this.at) return task();
    const { code, kills, does, files: some, half, other } = this.way;
    if (code) throw new this.TabtrainError(code, `injected into ${name}`);
    if (does) await task();
    if (files && some) await task(files.slice(0, some));
    if (files && half) {
      const [first, ...others] = files;
      await task([{ ...first, bytes: first.bytes.slice(0, first.bytes.length / 2) }, ...others]);
    }
    if (files && other) {
      const [first, ...others] = files;
      await task([
        { ...first, bytes: first.bytes.map((byte, i) => (i < 60 ? byte : ~byte)) },
        ...others,
      ]);
    }
    if (!kills) return nothing;
    this.dead = true;
    this.onDeath();
    return this.afterDeath();
  }

  afterDeath() {
    return new Promise(() => {});
  }
}
