import type { FunctionNode } from './functionDef';
import type { Known, Recorder } from './recorder';

/** Ops that the engine has under the same name. */
const SAME = new Set(
  (
    'Abs Sign Square Sqrt Rsqrt Exp Log Log1p Tanh Sigmoid Relu Elu Softplus Floor Erf Neg Softmax ' +
    'LogSoftmax StopGradient AddV2 Sub Mul RealDiv DivNoNan Maximum Minimum Pow Equal Greater ' +
    'GreaterEqual SelectV2'
  ).split(' '),
);
/** Ops that are another of the engine's, or give what they are given. */
const ALIAS: ReadonlyMap<string, string> = new Map([
  ['Add', 'AddV2'],
  ['BiasAdd', 'AddV2'],
  ['Div', 'RealDiv'],
  ['Select', 'SelectV2'],
  ['LogicalAnd', 'Mul'],
  ['LogicalOr', 'Maximum'],
]);
const THROUGH = new Set(['Identity', 'IdentityN', 'PreventGradient', 'Snapshot', 'EnsureShape']);

/** What an op gives for inputs that are asked for as they are needed. */
export function recordOp(
  to: Recorder,
  node: FunctionNode,
  input: (i: number) => Known,
  index: number,
): Known {
  const { op } = node;
  const inputs = () => node.inputs.map((_, i) => input(i));
  if (SAME.has(op)) return to.add(op, inputs());
  const alias = ALIAS.get(op);
  if (alias !== undefined) return to.add(alias, inputs());
  if (THROUGH.has(op)) return input(index);
  switch (op) {
    case 'Const': {
      const tensor = node.attr('value').tensor;
      if (!tensor || tensor.numbers.length === 0)
        to.fail('has a constant that is too large or has no numbers');
      return { kind: 'constant', shape: tensor.shape, numbers: tensor.numbers };
    }
    case 'ReadVariableOp': {
      const handle = input(0);
      return handle.kind === 'weight' ? handle : to.fail('reads what is no weight of its own');
    }
    case 'Cast':
      return to.cast(input(0), node);
    case 'ArgMax': {
      const isLast = to.integers(input(1), op).join() === '-1';
      return isLast ? to.add(op, [input(0)]) : to.fail(`needs ${op} over another axis`);
    }
    case 'OneHot': {
      const ends = [input(2), input(3)].map((end) => to.integers(end, op).join());
      const isPlain =
        ends.join() === '1,0' && !(node.has('axis') && node.attr('axis').integer !== -1);
      if (!isPlain) to.fail(`needs ${op} with other values than 1 and 0`);
      return to.add(op, [input(0)], { depth: to.integers(input(1), op)[0] });
    }
    case 'SquaredDifference':
      return to.add('Square', [to.add('Sub', inputs())]);
    case 'L2Loss': {
      const sum = to.add('Sum', [to.add('Square', inputs())], { axes: null, keep_dims: false });
      return to.add('Mul', [sum, to.number(0.5)]);
    }
    case 'Reciprocal':
    case 'Inv':
      return to.add('RealDiv', [to.number(1), input(0)]);
    case 'NotEqual':
      return to.add('Sub', [to.number(1), to.add('Equal', inputs())]);
    case 'LogicalNot':
      return to.add('Sub', [to.number(1), input(0)]);
    case 'Less':
      return to.add('Greater', [input(1), input(0)]);
    case 'LessEqual':
      return to.add('GreaterEqual', [input(1), input(0)]);
    case 'Relu6':
      return to.add('Minimum', [to.number(6), to.add('Relu', inputs())]);
    case 'LeakyRelu': {
      const alpha = node.has('alpha') ? node.attr('alpha').float : 0.2;
      const below = to.add('Mul', [input(0), to.number(alpha)]);
      return to.add('SelectV2', [to.add('Greater', [input(0), to.number(0)]), input(0), below]);
    }
    case 'MatMul':
      return to.add('MatMul', inputs(), {
        transpose_a: node.attr('transpose_a').flag,
        transpose_b: node.attr('transpose_b').flag,
      });
    case 'Sum':
    case 'Mean':
    case 'Max': {
      const axes = to.integers(input(1), op);
      return to.add(op, [input(0)], { axes, keep_dims: node.attr('keep_dims').flag });
    }
    case 'Min': {
      const attrs = {
        axes: to.integers(input(1), op),
        keep_dims: node.attr('keep_dims').flag,
      };
      return to.add('Neg', [to.add('Max', [to.add('Neg', [input(0)])], attrs)]);
    }
    case 'Squeeze': {
      const axes = node.attr('squeeze_dims').integers;
      if (axes.length === 0) to.fail('needs Squeeze without axes');
      // Of one element each.
      return to.add('Sum', [input(0)], { axes, keep_dims: false });
    }
    case 'Transpose':
      return to.add(op, [input(0)], { perm: to.integers(input(1), op) });
    case 'Reshape':
      return to.add(op, [input(0)], { shape: to.newShape(input(1)) });
    case 'Shape':
      return { kind: 'shape', of: to.id(input(0)), dims: null };
    case 'StridedSlice': {
      // Of a shape, the first extent.
      const isFirst =
        input(0).kind === 'shape' &&
        to.integers(input(1), op).join() === '0' &&
        node.attr('shrink_axis_mask').integer === 1;
      const shape = input(0);
      return isFirst && shape.kind === 'shape'
        ? { kind: 'shape', of: shape.of, dims: [null] }
        : to.fail(`needs the op ${op}`);
    }
    case 'Pack': {
      const known = inputs();
      const dims = known.map((each) => (each.kind === 'shape' ? null : to.integers(each, op)[0]!));
      const batch = known.find((each) => each.kind === 'shape');
      return { kind: 'shape', of: batch?.kind === 'shape' ? batch.of : -1, dims };
    }
    case 'RandomUniform':
    case 'RandomStandardNormal': {
      return to.add(op, [to.likeShape(input(0), op)]);
    }
    case 'BroadcastTo':
      return to.add('Mul', [input(0), to.ones(to.likeShape(input(1), op))]);
    default:
      return to.fail(`needs the op ${op}, which is not in this version`);
  }
}
