"""Writes mlp-training.json: 20 steps of a 6-8-3 network in PyTorch, float64 rounded, for SGD with momentum and AdamW.
Run: python3 make-mlp-training.py > mlp-training.json"""
import json, torch
torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
sizes = [6, 8, 3]
start = {}
for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
    start[f"layers.{i}.weight"] = (torch.rand(b, a) * 2 - 1).mul(1000).round() / 1000
    start[f"layers.{i}.bias"] = (torch.rand(b) * 2 - 1).mul(1000).round() / 1000
x = torch.randn(20, 5, 6).mul(1000).round() / 1000
y = torch.randint(0, 3, (20, 5))

def run(make):
    p = {k: v.clone().requires_grad_() for k, v in start.items()}
    opt = make(list(p.values()))
    losses = []
    for xs, ys in zip(x, y):
        h = torch.relu(xs @ p["layers.0.weight"].T + p["layers.0.bias"])
        z = h @ p["layers.1.weight"].T + p["layers.1.bias"]
        loss = torch.nn.functional.cross_entropy(z, ys)
        opt.zero_grad(); loss.backward(); opt.step()
        losses.append(round(loss.item(), 9))
    return {"losses": losses, "last": {k: [round(v, 9) for v in t.detach().flatten().tolist()] for k, t in p.items()}}

print(json.dumps({
    "origin": f"PyTorch {torch.__version__}, float64, make-mlp-training.py",
    "start": {k: v.tolist() for k, v in start.items()}, "inputs": x.tolist(), "labels": y.tolist(),
    "runs": {
        "sgdMomentum": run(lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)),
        "sgdNesterovDecay": run(lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01)),
        "adam": run(lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.02)),
        "adamw": run(lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.05)),
    }}))
