// Models in files: opened by picker and by drop, looked at, evaluated, trained on, saved in each format.
import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { expected, golden, modelFiles, rescaling, softmax } from './bringer.mjs';
import { screenshots } from './harness.mjs';

const close = (a, b) => assert.ok(Math.abs(a - b) <= 2e-4, `${a} and ${b}`);
let visitor;
let page;

const { directory, arrive } = modelFiles();

async function visit() {
  visitor = await arrive();
  ({ page } = visitor);
  return visitor.open('ready', 'failed');
}

test('files of Keras, by picker, folder picker and drop: format, summary, why digits do not fit', async (t) => {
  t.diagnostic(`screenshots: ${screenshots}`);
  assert.equal(await visit(), 'ready');
  const cases = [
    [
      () => visitor.pick(join(golden, 'files/tf2.8/mlp-adam.h5')),
      /^HDF5, Keras 2\.8\.0, 68\.7 kB, picked/,
      128,
    ],
    [
      () => visitor.drop(join(golden, 'files/tf2.21/mlp-adam.keras')),
      /^Keras archive, Keras 2\.21\.0, .* dropped/,
      128,
    ],
    [
      () => visitor.drop(join(golden, 'files/tf2.21/keras3-zoo-sgd.keras')),
      /^Keras archive, Keras 3\.15\.1, /,
      null,
    ],
    [
      () => page.setInputFiles('#pick-folder', join(golden, 'saved_models/tf2.8/moving/model')),
      /^SavedModel, .*picked from this device\. Compiled with/,
      null,
    ],
    [
      () => visitor.drop(join(golden, 'saved_models/tf2.21/custom/model')),
      /^SavedModel, .*dropped/,
      null,
    ],
  ];
  for (const [open, about, total] of cases) {
    await open();
    await visitor.reads('#opened-about', about);
    await visitor.reads(
      '#opened-summary',
      total ? new RegExp(`Total params: ${total}`) : /Total params: \d+/,
    );
    assert.match(
      await visitor.text('#opened-why'),
      /^It takes .* and gives .*; the digits of this page/,
    );
    assert.ok(await page.locator('#opened-evaluate').isHidden());
    assert.ok(await page.locator('#opened-train').isHidden());
  }
  await visitor.look('opened-misfit');
  assert.equal(await visitor.text('#status'), 'Ready. Nothing is trained yet: the model guesses.');
  await page.click('#opened-close');
  assert.ok(await page.locator('#opened').isHidden());
  assert.equal(await page.evaluate(() => document.activeElement.id), 'open-file');
  const chooser = await visitor.choosing(() => page.keyboard.press('Enter'));
  assert.ok(chooser.isMultiple());
  assert.deepEqual(visitor.problems, []);
});

test('a model of digits: evaluated as Keras does, trained on, saved in each format and opened again', async () => {
  await visit();
  await visitor.pick(rescaling);
  const theirs = expected('tf2.21');
  let found = await visitor.evaluate();
  close(found.loss, theirs[0]);
  close(found.accuracy, theirs[1]);
  await visitor.drop(softmax);
  await visitor.opened('softmax-adam.h5');
  found = await visitor.evaluate();
  close(found.loss, expected('tf2.8')[0]);
  close(found.accuracy, expected('tf2.8')[1]);
  await visitor.look('opened');

  await page.click('#opened-train');
  await visitor.reads('#status', /^Ready to train softmax-adam\.h5 on\.$/);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'train');
  assert.match(
    await visitor.text('#model-caption'),
    /^7,850 weights, learned with Adam: from softmax-adam\.h5/,
  );
  assert.equal(await page.locator('#learning-rate option:checked').textContent(), 'own: 0.002');
  await page.fill('#epochs', '3');
  await page.click('#train');
  assert.equal(await visitor.phase('finished', 'failed'), 'finished');
  await page.locator('#gallery button').first().click();
  await visitor.reads('#verdict', /looks like a 7 \(\d+ %\)/);
  await visitor.look('trained-on');

  const accuracies = new Set();
  for (const format of ['keras', 'h5', 'tf', 'tfjs']) {
    const path = await visitor.saveAs(format, directory);
    await (format === 'h5' ? visitor.drop(path) : page.setInputFiles('#pick-file', path));
    await visitor.opened(basename(path));
    const { loss, accuracy } = await visitor.evaluate();
    accuracies.add(`${loss} ${accuracy}`);
    assert.match(await visitor.text('#opened-about'), /with the optimizer’s state/);
    await page.click('#opened-close');
  }
  assert.equal(accuracies.size, 1, [...accuracies].join('; '));
  assert.ok(Number([...accuracies][0].split(' ')[1]) > found.accuracy, 'it learned');

  // What was opened is kept, with its run.
  const accuracy = await visitor.text('#number-accuracy');
  await page.reload();
  assert.equal(await visitor.phase('restored', 'ready', 'failed'), 'restored');
  assert.equal(await visitor.text('#number-accuracy'), accuracy);
  assert.match(
    await visitor.text('#status'),
    /as when it was saved\. Training goes on with epoch 4/,
  );
  assert.match(await visitor.text('#storage-parts'), /, the model from a file 1\d\d\.\d kB/);
  await page.click('#start-over');
  await page.click('#start-over');
  await visitor.reads('#model-caption', /407,050 weights/);
  await visitor.reads('#storage-parts', /^Nothing is stored yet/);
  assert.equal(await page.inputValue('#learning-rate'), '0.001');
  assert.deepEqual(visitor.problems, []);
});

test('an interrupted run waits while a model is looked at; a model that is taken up has runs that go on', async () => {
  await visit();
  await page.selectOption('#digits', '5000');
  await page.click('#train');
  await visitor.reads('#saved', /^Saved at epoch [1-9], step [1-9]/);
  await page.reload();
  assert.equal(await visitor.phase('interrupted', 'failed'), 'interrupted');
  await visitor.pick(softmax);
  await visitor.reads('#status', /^Interrupted at epoch \d+, step \d+\. Press “Train”/);
  await visitor.evaluate();

  // It would take the place of the run: that is asked.
  await page.click('#opened-train');
  assert.equal(await visitor.text('#opened-train'), 'Delete the files of this page’s run?');
  await page.keyboard.press('Escape');
  assert.match(await visitor.text('#status'), /^Interrupted at/);
  await page.click('#opened-train');
  await page.click('#opened-train');
  await visitor.reads('#status', /^Ready to train softmax-adam\.h5 on\.$/);
  await page.selectOption('#digits', '30000');
  await page.fill('#epochs', '6');
  await page.click('#train');
  await visitor.reads('#saved', /^Saved at epoch [1-9], step [1-9]/);

  // A second tab looks on, with this model; it may look at files as well, and says why it trains none.
  const first = page;
  await visitor.openTab('elsewhere');
  ({ page } = visitor);
  await visitor.reads('#model-caption', /from softmax-adam\.h5/);
  await visitor.pick(rescaling);
  assert.match(await visitor.text('#opened-why'), /^Another tab trains here: take over first/);
  assert.ok(await page.locator('#opened-train').isDisabled());
  await visitor.evaluate();
  await first.close();
  assert.equal(await visitor.phase('training', 'finished', 'failed'), 'training');
  assert.match(await visitor.text('#opened-why'), /^A run is under way: stop it first/);
  await page.reload();
  assert.equal(await visitor.phase('interrupted', 'finished', 'failed'), 'interrupted');
  assert.equal(await visitor.phase('training', 'failed'), 'training');
  assert.match(await visitor.text('#saved'), /^Went on from epoch/);
  await page.click('#stop');
  await visitor.phase('stopped', 'finished');
  await page.click('#delete-all');
  await Promise.all([page.waitForEvent('load'), page.click('#delete-yes')]);
  assert.equal(await visitor.phase('ready', 'restored', 'failed'), 'ready');
  assert.match(await visitor.text('#model-caption'), /^407,050 weights/);
  assert.deepEqual(visitor.problems, []);
});
