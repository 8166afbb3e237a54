// A part of the campaign is { name, ci, campaign, run(count, seed, print) }: run resolves to
// { passed, failed }, `ci` and `campaign` are the counts of the two.

/** Runs a part where its file is the program: `node FILE [count] [seed]`, or `--seed SEED` for one of that seed. */
export async function runAlone({ filename }, part) {
  if (process.argv[1] !== filename) return;
  const given = process.argv.slice(2).map((each) => (each === '--seed' ? 1 : Number(each)));
  const [count = part.ci, seed = 1] = given;
  const { passed, failed } = await part.run(count, seed, console.log);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
