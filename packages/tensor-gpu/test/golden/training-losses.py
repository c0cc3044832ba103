# Losses of three fixed models over 20 steps of plain gradient descent in torch, float64 and float32.
# Run: python3 training-losses.py > training-losses.json      (torch 1.13.0, Debian 12, one thread)
import json, math
import torch
import torch.nn.functional as F
torch.set_num_threads(1)

def filled(n, scale, seed):
    s, out = seed, []
    for _ in range(n):
        s = (s * 1664525 + 1013904223) % 2**32
        out.append((s / 2**32 - 0.5) * 2 * scale)
    return out

def tensors(shapes, dtype):
    ps = {}
    for i, (name, shape) in enumerate(shapes.items()):
        n = math.prod(shape)
        values = [1.0] * n if 'ln' in name else filled(n, 0.3 / math.sqrt(math.prod(shape[1:])) * 3 if len(shape) > 1 else 0.1, i + 1)
        ps[name] = torch.tensor(values, dtype=torch.float32).to(dtype).reshape(shape).requires_grad_()
    return ps

def data(shape, seed, dtype):
    return torch.tensor(filled(math.prod(shape), 1, seed), dtype=torch.float32).to(dtype).reshape(shape)

mlp_shapes = {'w0': [24, 16], 'b0': [24], 'w1': [10, 24], 'b1': [10]}
cnn_shapes = {'c1': [6, 1, 3, 3], 'd1': [6], 'c2': [8, 6, 3, 3], 'd2': [8], 'w': [10, 128], 'b': [10]}
D, H, T, B, V = 32, 2, 12, 3, 40
block = lambda l: {l + 'ln1': [D], l + 'q': [D, D], l + 'k': [D, D], l + 'v': [D, D], l + 'o': [D, D], l + 'ln2': [D], l + 'f1': [4 * D, D], l + 'f2': [D, 4 * D]}
tf_shapes = {'emb': [V, D], 'pos': [T, D], **block('a'), **block('b'), 'head': [V, D]}

def mlp(p, dt):
    x, y = data([32, 16], 99, dt), torch.arange(32) * 7 % 10
    return F.cross_entropy(F.linear(torch.tanh(F.linear(x, p['w0'], p['b0'])), p['w1'], p['b1']), y)

def cnn(p, dt):
    x, y = data([16, 1, 8, 8], 98, dt), torch.arange(16) * 7 % 10
    h = F.max_pool2d(F.relu(F.conv2d(x, p['c1'], p['d1'], padding=1)), 2)
    g = F.relu(F.conv2d(h, p['c2'], p['d2'], padding=1))
    return F.cross_entropy(F.linear(g.reshape(16, 128), p['w'], p['b']), y)

def transformer(p, dt):
    n = torch.arange(B * T)
    x, y = ((n * 31 + 3) % V).reshape(B, T), ((n * 17 + 3) % V).reshape(B, T)
    mask = torch.full((T, T), float('-inf'), dtype=dt).triu(1)
    h = F.embedding(x, p['emb']) + p['pos']
    for l in 'ab':
        a = F.layer_norm(h, (D,), p[l + 'ln1'])
        q, k, v = (F.linear(a, p[l + c]).reshape(B, T, H, D // H).transpose(1, 2) for c in 'qkv')
        o = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(D // H) + mask, -1) @ v
        h = h + F.linear(o.transpose(1, 2).reshape(B, T, D), p[l + 'o'])
        u = F.linear(F.layer_norm(h, (D,), p[l + 'ln2']), p[l + 'f1'])
        h = h + F.linear(F.gelu(u), p[l + 'f2'])
    return F.cross_entropy(F.linear(h, p['head']).reshape(-1, V), y.reshape(-1))

def train(loss, shapes, rate, dtype):
    p, out = tensors(shapes, dtype), []
    for _ in range(20):
        l = loss(p, dtype)
        out.append(l.item())
        grads = torch.autograd.grad(l, list(p.values()))
        with torch.no_grad():
            for t, g in zip(p.values(), grads): t -= rate * g
    return out

print(json.dumps({
    'origin': 'torch ' + torch.__version__ + ' in float64, training-losses.py beside this file',
    'mlp': train(mlp, mlp_shapes, 0.5, torch.float64),
    'cnn': train(cnn, cnn_shapes, 0.2, torch.float64),
    'transformer': train(transformer, tf_shapes, 0.1, torch.float64),
}, indent=1))
