"""Minimal TensorFlow V2 checkpoint writer (no TensorFlow, no protobuf library).
write_checkpoint(prefix, root) writes PREFIX.index and PREFIX.data-00000-of-00001 from a tree of Obj."""
import os, struct, sys
import numpy as np
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
_T = []
for _i in range(256):
    _c = _i
    for _ in range(8): _c = (_c >> 1) ^ 0x82F63B78 if _c & 1 else _c >> 1
    _T.append(_c)
def crc32c(b, crc=0):
    crc ^= 0xffffffff
    T = _T
    for x in b: crc = T[(crc ^ x) & 255] ^ (crc >> 8)
    return crc ^ 0xffffffff
_crc_cache = {}
def crc32c_c(b):
    k = hash(b)
    if k not in _crc_cache: _crc_cache[k] = crc32c(b)
    return _crc_cache[k]
def mask(c): return (((c >> 15) | (c << 17)) + 0xa282ead8) & 0xffffffff
# ---- protobuf primitives
def vi(n):
    n &= (1 << 64) - 1; o = bytearray()
    while n > 127: o.append(n & 127 | 128); n >>= 7
    o.append(n); return bytes(o)
def V(f, n): return vi(f << 3) + vi(n) if n else b''                 # varint, zero omitted
def VZ(f, n): return vi(f << 3) + vi(n)                              # varint, zero kept
def L(f, b):
    if isinstance(b, str): b = b.encode()
    return vi(f << 3 | 2) + vi(len(b)) + b                           # message/bytes, empty kept
def LS(f, b): return L(f, b) if b else b''                           # string, empty omitted
def shape_proto(dims):
    if dims is None: return V(3, 1)
    return b''.join(L(2, V(1, d)) for d in dims)
DT = {'float32': 1, 'float64': 2, 'int32': 3, 'uint8': 4, 'int8': 6, 'int64': 9, 'bool': 10}
# ---- table (A2)
def _block(ents, ri):
    b = bytearray(); rs = [0]; c = 0; last = b''
    for k, v in ents:
        sh = 0
        if c < ri:
            m = min(len(last), len(k))
            while sh < m and last[sh] == k[sh]: sh += 1
        else: rs.append(len(b)); c = 0
        b += vi(sh) + vi(len(k) - sh) + vi(len(v)) + k[sh:] + v; last = k; c += 1
    for r in rs: b += struct.pack('<I', r)
    return bytes(b) + struct.pack('<I', len(rs))
def table_bytes(ents):
    f = bytearray()
    def put(b):
        off = len(f); f.extend(b + b'\0' + struct.pack('<I', mask(crc32c(b + b'\0')))); return vi(off) + vi(len(b))
    h = put(_block(ents, 16)); mh = put(_block([], 16))
    k = bytearray(ents[-1][0])
    for i in range(len(k)):
        if k[i] != 255: k[i] += 1; k = k[:i + 1]; break
    ih = put(_block([(bytes(k), h)], 1))
    ft = mh + ih
    return bytes(f) + ft + b'\0' * (40 - len(ft)) + struct.pack('<Q', 0xdb4775248b80fb57)
HEADER = bytes.fromhex('08011a020801')
def string_tensor(items):
    lens = b''.join(struct.pack('<I', len(s)) for s in items)
    lc = struct.pack('<I', mask(crc32c(lens)))
    body = b''.join(items)
    return b''.join(vi(len(s)) for s in items) + lc + body, mask(crc32c(lens + lc + body))
def write_bundle(prefix, items):
    """items: [(key, ndarray | bytes)] in write order; bytes = DT_STRING scalar."""
    os.makedirs(os.path.dirname(prefix) or '.', exist_ok=True)
    data = bytearray(); ents = [(b'', HEADER)]
    for key, val in items:
        if isinstance(val, bytes): b, crc = string_tensor([val]); dt, dims = 7, ()
        else:
            a = np.asarray(val); b = a.astype(a.dtype.newbyteorder('<')).tobytes(); crc = mask(crc32c_c(b)); dt, dims = DT[a.dtype.name], a.shape
        off = len(data); data += b
        ents.append((key.encode(), V(1, dt) + L(2, shape_proto(dims)) + V(4, off) + V(5, len(b)) + vi(6 << 3 | 5) + struct.pack('<I', crc)))
    open(prefix + '.data-00000-of-00001', 'wb').write(bytes(data))
    open(prefix + '.index', 'wb').write(table_bytes(sorted(ents)))
# ---- object graph
class Obj:
    def __init__(s, children=(), value=None, full_name='', slots=(), **kw):
        s.children = list(children); s.value = value; s.full_name = full_name; s.slots = list(slots)   # slots: (variable Obj, slot name, slot Obj)
        s.kw = kw; s.key = None
def number(root):
    order = [root]; path = {id(root): ()}; i = 0
    while i < len(order):
        o = order[i]; i += 1
        for n, c in o.children:
            if id(c) not in path: path[id(c)] = path[id(o)] + (n,); order.append(c)
    for o in list(order):                                              # slot variables last
        for var, slot, sv in o.slots:
            if id(sv) not in path: path[id(sv)] = None; sv._slot = (var, o, slot); order.append(sv)
    esc = lambda n: n.replace('.', '..').replace('/', '.S')
    J = lambda p: '/'.join(esc(n) for n in p)
    for o in order:
        if o.value is None: continue
        if path[id(o)] is not None: o.key = J(path[id(o)]) + '/.ATTRIBUTES/VARIABLE_VALUE'
        else:
            var, op, slot = o._slot
            o.key = J(path[id(var)]) + '/.OPTIMIZER_SLOT/' + J(path[id(op)]) + '/' + esc(slot) + '/.ATTRIBUTES/VARIABLE_VALUE'
    return order
def graph_proto(order, has_values=False):
    ids = {id(o): i for i, o in enumerate(order)}
    hv = {}
    def has(o, seen=()):                                               # any value in the subtree
        if id(o) in hv: return hv[id(o)]
        if id(o) in seen: return False
        return o.value is not None or any(has(c, seen + (id(o),)) for _, c in o.children) or bool(o.slots)
    out = b''
    for o in order:
        b = b''.join(L(1, V(1, ids[id(c)]) + LS(2, n)) for n, c in o.children)
        if o.value is not None: b += L(2, LS(1, 'VARIABLE_VALUE') + LS(2, o.full_name) + LS(3, o.key))
        b += b''.join(L(3, V(1, ids[id(v)]) + LS(2, s) + V(3, ids[id(sv)])) for v, s, sv in o.slots)
        if has_values: b += L(5, V(1, 1 if has(o) else 0))
        out += L(1, b)
    return out
def write_checkpoint(prefix, root, has_values=False):
    order = number(root); g = graph_proto(order, has_values)
    write_bundle(prefix, [(o.key, o.value) for o in order if o.value is not None] + [('_CHECKPOINTABLE_OBJECT_GRAPH', g)])
    return order
def write_state(dirname, names):
    esc = lambda s: s.replace('\\', '\\\\').replace('"', '\\"')
    open(os.path.join(dirname, 'checkpoint'), 'w').write('model_checkpoint_path: "%s"\n' % esc(names[-1]) + ''.join('all_model_checkpoint_paths: "%s"\n' % esc(n) for n in names))
# ---- Keras objects
def keras_layers(layers):
    """layers: [(layer name, [(attr, Obj)])] -> root children in Keras order, [layer Obj], [variable Obj]"""
    ch, lo, vs, k = [], [], [], 0
    for i, (name, ws) in enumerate(layers):
        o = Obj(ws); lo.append(o)
        if ws: ch.append(('layer_with_weights-%d' % k, o)); k += 1
        ch.append(('layer-%d' % i, o)); vs += [w for _, w in ws]
    return ch, lo, vs
def legacy_adam(vs, it, m, v, lr=1e-3, b1=.9, b2=.999, decay=0., hypers=True):
    f = np.float32
    ch = []
    if it is not None: ch.append(('iter', Obj(value=np.int64(it), full_name='Adam/iter')))
    if hypers: ch += [('beta_1', Obj(value=f(b1), full_name='Adam/beta_1')), ('beta_2', Obj(value=f(b2), full_name='Adam/beta_2')),
                      ('decay', Obj(value=f(decay), full_name='Adam/decay')), ('learning_rate', Obj(value=f(lr), full_name='Adam/learning_rate'))]
    sl = [(x, 'm', Obj(value=a, full_name='Adam/%s/m' % x.full_name)) for x, a in zip(vs, m)] + [(x, 'v', Obj(value=a, full_name='Adam/%s/v' % x.full_name)) for x, a in zip(vs, v)]
    return Obj(ch, slots=sl)
def new_adam(vs, it, m, v, lr=1e-3, full=True):
    i = Obj(value=np.int64(it), full_name='iteration'); l = Obj(value=np.float32(lr), full_name='learning_rate')
    M = [Obj(value=a, full_name='Adam/m/' + x.full_name) for x, a in zip(vs, m)]; W = [Obj(value=a, full_name='Adam/v/' + x.full_name) for x, a in zip(vs, v)]
    lst = [i] + [z for p in zip(M, W) for z in p]
    num = lambda q: Obj([(str(j), z) for j, z in enumerate(q)])
    ch = [('_variables', num(lst)), ('_iterations', i), ('_learning_rate', l)]
    if full: ch += [('_index_dict', Obj()), ('_momentums', num(M)), ('_velocities', num(W))]
    return Obj(ch)
def tutorial(w, opt=None, self_edge=False):
    """w: [kernel0,bias0,kernel1,bias1]; opt: None | 'unbuilt' | function(vs)->Obj. Returns root."""
    N = ['dense/kernel', 'dense/bias', 'dense_1/kernel', 'dense_1/bias']
    X = [Obj(value=a, full_name=n) for a, n in zip(w, N)]
    ch, _, vs = keras_layers([('dense', [('kernel', X[0]), ('bias', X[1])]), ('dropout', []), ('dense_1', [('kernel', X[2]), ('bias', X[3])])])
    root = Obj(ch)
    if opt: root.children.append(('optimizer', Obj() if opt == 'unbuilt' else opt(vs)))
    if self_edge: root.children.append(('root', root))
    return root
