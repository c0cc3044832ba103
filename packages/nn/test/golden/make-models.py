"""Writes models.json: for each small network the start, five batches, logits of the first, the losses of 20 steps over the batches in
turn, and sums over the weights after them. PyTorch's own layers in float64, weights rounded to 3 digits.
Run: python3 make-models.py > models.json"""
import json, math, torch
import torch.nn as nn, torch.nn.functional as F
torch.set_default_dtype(torch.float64)


class Cnn(nn.Module):
    def __init__(self, norm):
        super().__init__()
        make = lambda c: nn.BatchNorm2d(c) if norm == "batch" else nn.GroupNorm(2, c) if norm == "group" else nn.Identity()
        self.features = nn.ModuleList([nn.ModuleDict({"conv": nn.Conv2d(a, b, 3, padding=1), "norm": make(b)}) for a, b in [(1, 4), (4, 6)]])
        self.classifier = nn.ModuleList([nn.Linear(6 * 4, 8), nn.Linear(8, 10)])

    def forward(self, x):
        for block in self.features:
            x = F.max_pool2d(F.relu(block["norm"](block["conv"](x))), 2)
        return self.classifier[1](F.relu(self.classifier[0](x.flatten(1))))


class Basic(nn.Module):
    def __init__(self, a, b, stride, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(a, b, 3, stride, 1, bias=False); self.bn1 = norm(b)
        self.conv2 = nn.Conv2d(b, b, 3, 1, 1, bias=False); self.bn2 = norm(b)
        self.downsample = nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), norm(b)) if stride > 1 or a != b else None

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(out + (x if self.downsample is None else self.downsample(x)))


class Resnet(nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, 1, 1, bias=False); self.bn1 = norm(4)
        self.layer1 = nn.Sequential(Basic(4, 4, 1, norm)); self.layer2 = nn.Sequential(Basic(4, 6, 2, norm))
        self.fc = nn.Linear(6, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.layer2(self.layer1(x)).mean((2, 3)))


class Block(nn.Module):
    def __init__(self, d, heads, causal, gelu, rope):
        super().__init__()
        self.heads, self.causal, self.gelu, self.rope = heads, causal, gelu, rope
        self.attention_norm = nn.LayerNorm(d); self.mlp_norm = nn.LayerNorm(d)
        self.attention = nn.ModuleDict({k: nn.Linear(d, d) for k in ["q_proj", "k_proj", "v_proj", "out_proj"]})
        self.mlp = nn.ModuleDict({"up_proj": nn.Linear(d, 2 * d), "down_proj": nn.Linear(2 * d, d)})

    def forward(self, x):
        b, t, d = x.shape; h = self.attention_norm(x); s = d // self.heads
        q, k, v = [self.attention[n](h).view(b, t, self.heads, s).transpose(1, 2) for n in ["q_proj", "k_proj", "v_proj"]]
        if self.rope:  # complex rotation of pairs (i, i + s/2)
            angle = torch.arange(t)[:, None] * 10000.0 ** (-torch.arange(s // 2) / (s / 2))
            turn = lambda z: (lambda w: torch.cat([w.real, w.imag], -1))(torch.complex(z[..., : s // 2], z[..., s // 2 :]) * torch.polar(torch.ones_like(angle), angle))
            q, k = turn(q), turn(k)
        score = q @ k.transpose(-1, -2) / math.sqrt(s)
        if self.causal:
            score = score.masked_fill(torch.ones(t, t).triu(1).bool(), float("-inf"))
        x = x + self.attention["out_proj"]((score.softmax(-1) @ v).transpose(1, 2).reshape(b, t, d))
        return x + self.mlp["down_proj"](F.gelu(self.mlp["up_proj"](self.mlp_norm(x)), approximate=self.gelu))


class Vit(nn.Module):
    def __init__(self, d=8):
        super().__init__()
        self.patch_embedding = nn.Conv2d(1, d, 4, 4); self.class_token = nn.Parameter(torch.randn(1, 1, d))
        self.position_embedding = nn.Embedding(5, d)
        self.layers = nn.ModuleList([Block(d, 2, False, "none", False) for _ in range(2)])
        self.norm = nn.LayerNorm(d); self.head = nn.Linear(d, 10)

    def forward(self, x):
        x = self.patch_embedding(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(len(x), -1, -1), x], 1) + self.position_embedding.weight
        for l in self.layers: x = l(x)
        return self.head(self.norm(x)[:, 0])


class Gpt(nn.Module):
    def __init__(self, rope, tied, d=8, v=11, context=6):
        super().__init__()
        self.token_embedding = nn.Embedding(v, d)
        if not rope: self.position_embedding = nn.Embedding(context, d)
        self.layers = nn.ModuleList([Block(d, 2, True, "tanh", rope) for _ in range(2)])
        self.norm = nn.LayerNorm(d)
        if not tied: self.head = nn.Linear(d, v, bias=False)

    def forward(self, x):
        h = self.token_embedding(x)
        if hasattr(self, "position_embedding"): h = h + self.position_embedding.weight[: x.shape[1]]
        for l in self.layers: h = l(h)
        h = self.norm(h)
        return self.head(h) if hasattr(self, "head") else h @ self.token_embedding.weight.T


def run(seed, model, images):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            centre = 1.0 if p.dim() == 1 and name.endswith("weight") else 0.0
            p.copy_(((torch.randn_like(p) * 0.3 + centre) * 1000).round() / 1000)
    start = {k: v.tolist() for k, v in model.state_dict().items() if "num_batches" not in k}
    if images:
        x, y = (torch.rand(5, 6, 64) * 16).round() / 16, torch.randint(0, 10, (5, 6))
        batch = lambda i: (x[i].view(6, 1, 8, 8), y[i])
    else:
        x, y = torch.randint(0, 11, (5, 3, 6)), torch.randint(0, 11, (5, 3, 6))
        batch = lambda i: (x[i], y[i])
    model.eval(); logits = model(batch(0)[0]).flatten().tolist(); model.train()
    opt = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for i in range(20):
        a, b = batch(i % 5); z = model(a)
        loss = F.cross_entropy(z.view(-1, z.shape[-1]), b.flatten())
        opt.zero_grad(); loss.backward(); opt.step(); losses.append(loss.item())
    model.eval(); after = model(batch(0)[0]).flatten().tolist()
    sums = {k: v.sum().item() for k, v in model.state_dict().items() if "num_batches" not in k}
    short = lambda v: [round(e, 8) for e in v]
    return {"start": start, "inputs": x.tolist(), "labels": y.tolist(), "logits": short(logits), "losses": short(losses), "after": short(after), "sums": sums}


print(json.dumps({
    "origin": f"PyTorch {torch.__version__}, float64, make-models.py",
    "cnn": run(1, Cnn("none"), True), "cnnBatch": run(2, Cnn("batch"), True), "cnnGroup": run(3, Cnn("group"), True),
    "resnetBatch": run(4, Resnet(nn.BatchNorm2d), True), "resnetGroup": run(5, Resnet(lambda c: nn.GroupNorm(2, c)), True),
    "vit": run(6, Vit(), True), "gptLearned": run(7, Gpt(False, True), False), "gptRope": run(8, Gpt(True, False), False),
}))
