import { basename, dirname, join, relative, resolve } from 'node:path';
import { asError, invalid } from '../errors';
import type { FileWrite } from './backend';
import { checkCommit } from './conflicts';
import type { Changes } from './nodeChanges';
import { missingAs, type NodeFiles } from './nodeFiles';
import { encodeJournal, journalPath, redo, removeJournal, type Journal } from './nodeJournal';
import { WORKSHOP, chainOf, type Workshops } from './nodeWorkshop';

/** What lies below a directory; workshops are left out. */
export interface Tree {
  readonly files: string[];
  /** Links and the like, which no commit makes. */
  readonly others: string[];
  /** The directories, without the one itself, the deepest first. */
  readonly directories: string[];
  /** Those with a workshop, it among them. */
  readonly shops: string[];
}

export async function treeOf(files: NodeFiles, dir: string): Promise<Tree> {
  const tree: Tree = { files: [], others: [], directories: [], shops: [] };
  const visit = async (at: string): Promise<void> => {
    for (const entry of await files.fs.readdir(at, { withFileTypes: true }).catch(missingAs([]))) {
      const path = join(at, entry.name);
      if (!entry.isDirectory()) (entry.isFile() ? tree.files : tree.others).push(path);
      else if (entry.name === WORKSHOP) tree.shops.push(at);
      else {
        await visit(path);
        tree.directories.push(path);
      }
    }
  };
  await visit(dir);
  return tree;
}

/** Commits files, as nodeJournal.ts says it; one file that replaces nothing else needs no journal. */
export class Commit {
  readonly #files: NodeFiles;
  readonly #shops: Workshops;
  readonly #changes: Changes;
  /** Directories that were made for it. */
  readonly #made: string[] = [];
  #base = '';
  #targets: string[] = [];
  /** The files before they have their names, in the order of the targets. */
  readonly #news: string[] = [];
  /** There may be a journal, which needs the files whatever goes wrong afterwards. */
  #isValid = false;

  constructor(files: NodeFiles, shops: Workshops, changes: Changes) {
    this.#files = files;
    this.#shops = shops;
    this.#changes = changes;
  }

  async run(writes: readonly FileWrite[], replaced?: string): Promise<void> {
    try {
      await this.#locate(writes, replaced);
      for (const { bytes } of writes) {
        this.#news.push(await this.#shops.put(this.#base, 'new', bytes));
      }
      const isReplacing = replaced !== undefined;
      const reach = {
        base: this.#base,
        touched: isReplacing ? [this.#base] : this.#targets.map(dirname),
        vanishing: async () => (isReplacing ? (await treeOf(this.#files, this.#base)).shops : []),
      };
      await this.#changes.change(reach, () => this.#change(writes, isReplacing));
      for (const path of this.#news) this.#shops.forget(path);
    } catch (error) {
      await this.#cleanUp();
      throw error;
    }
  }

  /** Makes the directories, and finds out where they really are. */
  async #locate(writes: readonly FileWrite[], replaced?: string): Promise<void> {
    const realDirectory = async (path: string) => {
      for (let tries = 1; ; ++tries) {
        this.#made.push(...(await this.#files.makeDirectory(path)));
        const real = await this.#files.fs.realpath(path).catch(missingAs(null));
        // Somebody may have removed it at once.
        if (real !== null || tries === 10) return real ?? path;
      }
    };
    const paths = writes.map(({ path }) => resolve(path));
    if (replaced === undefined) {
      for (const path of paths) {
        this.#targets.push(join(await realDirectory(dirname(path)), basename(path)));
      }
      this.#base = commonOf(this.#targets.map(dirname));
    } else {
      this.#base = await realDirectory(resolve(replaced));
      this.#targets = paths.map((path) => join(this.#base, relative(resolve(replaced), path)));
    }
    checkCommit(
      this.#targets.map((path, i) => ({ path, bytes: writes[i]!.bytes })),
      replaced === undefined ? undefined : this.#base,
    );
  }

  /** To be called while nobody else changes anything there. */
  async #change(writes: readonly FileWrite[], isReplacing: boolean): Promise<void> {
    for (const [i, path] of this.#news.entries()) {
      // The directory may have been removed with all that was in it, before it was this commit's alone.
      if (await this.#files.exists(path)) continue;
      this.#shops.forget(path);
      this.#news[i] = await this.#shops.put(this.#base, 'new', writes[i]!.bytes);
    }
    const tree = isReplacing ? await treeOf(this.#files, this.#base) : null;
    for (const path of this.#targets) await this.#refuseDirectory(path, tree);
    const written = new Set(this.#targets);
    const others = writes.length === 0 ? (tree?.others ?? []) : [];
    const removes = [...(tree?.files ?? []), ...others].filter((path) => !written.has(path));
    if (this.#targets.length === 1 && removes.length === 0) {
      await this.#files.place(this.#news[0]!, this.#targets[0]!);
      return this.#files.syncDirectory(dirname(this.#targets[0]!));
    }
    const needed = chainOf(this.#targets.map(dirname));
    const below = (path: string) => relative(this.#base, path);
    await this.#redo({
      format: 1,
      renames: this.#targets.map((path, i) => [basename(this.#news[i]!), below(path)]),
      removes: removes.map(below),
      directories: (tree?.directories ?? []).filter((path) => !needed.has(path)).map(below),
    });
  }

  async #redo(journal: Journal): Promise<void> {
    const shop = join(this.#base, WORKSHOP);
    const draft = await this.#shops.put(this.#base, 'new', encodeJournal(journal));
    try {
      for (const dir of [shop, this.#base]) await this.#files.syncDirectory(dir);
      this.#isValid = true;
      await this.#files.place(draft, journalPath(this.#base));
      await this.#files.syncDirectory(shop);
      this.#shops.forget(draft);
    } catch (error) {
      await removeJournal(this.#files, this.#base);
      this.#isValid = false;
      await this.#shops.drop(draft);
      throw error;
    }
    const finish = () => redo(this.#files, this.#base, journal);
    await finish()
      .catch(finish)
      .catch((error: unknown) => {
        const { message } = asError(error);
        throw new Error(`${message}; whoever uses the directory next will try to finish it`);
      });
  }

  /** Renaming would find it too, but after the files before it. */
  async #refuseDirectory(path: string, tree: Tree | null): Promise<void> {
    const info = await this.#files.fs.lstat(path).catch(missingAs(null));
    if (!info?.isDirectory()) return;
    const stays = !tree || tree.shops.some((shop) => chainOf([shop]).has(path));
    if (stays) {
      throw new Error(`'${path}': expected a file or nothing there, there is a directory`);
    }
  }

  async #cleanUp(): Promise<void> {
    for (const path of this.#news) {
      if (this.#isValid) this.#shops.forget(path);
      else await this.#shops.drop(path);
    }
    if (this.#isValid) return;
    for (const dir of this.#made.reverse()) await this.#files.removeEmpty(dir).catch(() => {});
  }
}

/** The deepest directory that all of them lie in. */
function commonOf(dirs: readonly string[]): string {
  const others = dirs.map((dir) => chainOf([dir]));
  const common = [...chainOf(dirs.slice(0, 1))].find((dir) => others.every((chain) => chain.has(dir))); // prettier-ignore
  return common ?? invalid('cannot write: the files have no directory in common');
}
