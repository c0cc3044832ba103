# The same training steps in torch on one thread, for lib/python.mjs.
import sys, time, math
import torch
import torch.nn.functional as F
torch.set_num_threads(1)
print('torch ' + torch.__version__, flush=True)
RATE = 0.05
torch.manual_seed(0)
rnd = lambda *s: (torch.rand(*s) * 2 - 1) / math.sqrt(s[-1] if len(s) > 1 else 1)

def mlp(sizes, batch):
    p = [(rnd(o, i).requires_grad_(), torch.zeros(o).requires_grad_()) for i, o in zip(sizes, sizes[1:])]
    x, y = rnd(batch, sizes[0]), torch.arange(batch) * 7 % sizes[-1]
    def loss():
        h = x
        for i, (w, b) in enumerate(p):
            h = F.linear(h, w, b)
            if i < len(p) - 1: h = F.relu(h)
        return F.cross_entropy(h, y)
    return [t for q in p for t in q], loss

def cnn():
    c1, c2, w, b = rnd(16, 1, 3, 3) * .3, rnd(16, 16, 3, 3) * .1, rnd(10, 1024), torch.zeros(10)
    ps = [t.requires_grad_() for t in (c1, c2, w, b)]
    x, y = rnd(64, 1, 8, 8), torch.arange(64) * 7 % 10
    def loss():
        h = F.relu(F.conv2d(x, c1, padding=1)); g = F.relu(F.conv2d(h, c2, padding=1))
        return F.cross_entropy(F.linear(g.reshape(64, 1024), w, b), y)
    return ps, loss

def transformer(D=128, H=4, T=64, B=16, V=256):
    ps = {'emb': rnd(V, D), 'pos': rnd(T, D), 'head': rnd(V, D)}
    for l in 'ab':
        for k, s in dict(q=(D, D), k=(D, D), v=(D, D), o=(D, D), f1=(4 * D, D), f2=(D, 4 * D)).items(): ps[l + k] = rnd(*s)
        ps[l + 'ln1'] = torch.ones(D); ps[l + 'ln2'] = torch.ones(D)
    for t in ps.values(): t.requires_grad_()
    n = torch.arange(B * T)
    x, y = ((n * 31 + 3) % V).reshape(B, T), ((n * 17 + 3) % V).reshape(B, T)
    mask = torch.full((T, T), float('-inf')).triu(1)
    def loss():
        h = F.embedding(x, ps['emb']) + ps['pos']
        for l in 'ab':
            a = F.layer_norm(h, (D,), ps[l + 'ln1'])
            q, k, v = (F.linear(a, ps[l + c]).reshape(B, T, H, D // H).transpose(1, 2) for c in 'qkv')
            o = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(D // H) + mask, -1) @ v
            h = h + F.linear(o.transpose(1, 2).reshape(B, T, D), ps[l + 'o'])
            # GELU in the tanh form, as the other engines.
            u = F.linear(F.layer_norm(h, (D,), ps[l + 'ln2']), ps[l + 'f1'])
            g = F.gelu(u, approximate='tanh')
            h = h + F.linear(g, ps[l + 'f2'])
        return F.cross_entropy(F.linear(h, ps['head']).reshape(-1, V), y.reshape(-1))
    return list(ps.values()), loss

def vit(D=128, H=4, L=4, B=32, C=3, S=32, P=4, K=10):
    T = (S // P) ** 2 + 1
    ps = {'conv': rnd(D, C, P, P) * .2, 'cb': torch.zeros(D), 'cls': rnd(1, 1, D), 'pos': rnd(T, D), 'hw': rnd(K, D), 'hb': torch.zeros(K)}
    for l in range(L):
        for k, s in dict(q=(D, D), k=(D, D), v=(D, D), o=(D, D), f1=(4 * D, D), f2=(D, 4 * D)).items():
            ps[f'{l}{k}'] = rnd(*s); ps[f'{l}{k}b'] = torch.zeros(s[0])
    for n in [f'{l}n{i}' for l in range(L) for i in (1, 2)] + ['n']: ps[n] = torch.ones(D); ps[n + 'b'] = torch.zeros(D)
    for t in ps.values(): t.requires_grad_()
    x, y = rnd(B, C, S, S), torch.arange(B) * 7 % K
    lin = lambda h, k: F.linear(h, ps[k], ps[k + 'b'])
    norm = lambda h, k: F.layer_norm(h, (D,), ps[k], ps[k + 'b'])
    def loss():
        g = F.conv2d(x, ps['conv'], ps['cb'], stride=P).flatten(2).transpose(1, 2)
        h = torch.cat([ps['cls'].expand(B, 1, D), g], 1) + ps['pos']
        for l in range(L):
            a = norm(h, f'{l}n1')
            q, k, v = (lin(a, f'{l}{c}').reshape(B, T, H, D // H).transpose(1, 2) for c in 'qkv')
            o = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(D // H), -1) @ v
            h = h + lin(o.transpose(1, 2).reshape(B, T, D), f'{l}o')
            h = h + lin(F.gelu(lin(norm(h, f'{l}n2'), f'{l}f1')), f'{l}f2')
        return F.cross_entropy(F.linear(norm(h[:, 0], 'n'), ps['hw'], ps['hb']), y)
    return list(ps.values()), loss

def adamw(n=10):
    ps = [torch.rand(1000, 1000, requires_grad=True) for _ in range(n)]
    for p in ps: p.grad = torch.rand_like(p) - .5
    return torch.optim.AdamW(ps, lr=1e-3, weight_decay=0.01, foreach=True).step

def step_of(make):
    ps, loss = make
    def step():
        l = loss()
        for t in ps: t.grad = None
        l.backward()
        with torch.no_grad():
            for t in ps: t -= RATE * t.grad
        return l.item()
    return step

a, b = torch.rand(1024, 1024), torch.rand(1024, 1024)
work = {
    'mlp-small': step_of(mlp([64, 128, 10], 64)), 'mlp-large': step_of(mlp([784, 512, 512, 10], 128)),
    'cnn': step_of(cnn()), 'transformer': step_of(transformer()), 'gpt-tiny': step_of(transformer(T=128)), 'sgemm': lambda: torch.mm(a, b),
    'vit-tiny': step_of(vit()), 'adamw': adamw(),
}
for line in sys.stdin:
    name, repeats = line.split()
    f = work[name]
    start = time.perf_counter()
    for _ in range(int(repeats)): f()
    print(time.perf_counter() - start, flush=True)
