"""Numbers for zscl.json: one task of ZSCL on a linear two-tower model, float64, torch's autograd and SGD.

Run: python3 zscl.py > zscl.json
"""
import json
import torch

torch.manual_seed(0)
torch.set_default_dtype(torch.float64)
N, D, K, M, STEPS, EVERY = 4, 3, 5, 6, 7, 2
SCALE, T, LR, WEIGHT, PULL = 5.0, 2.0, 0.1, 0.7, 0.05


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def soft(p, q):
    return T**2 * -(torch.softmax(p / T, -1) * torch.log_softmax(q / T, -1)).sum(-1).mean()


image0 = torch.randn(D, N)
text0 = torch.randn(K, D)
x = torch.randn(STEPS, 8, N)
y = torch.randint(0, K, (STEPS, 8))
ref = torch.randn(STEPS, 6, N)
texts = torch.randn(M, D)


def distill(student, teacher, i2t=1.0, t2i=1.0, i2i=0.0, features=0.0):
    s, t, w = unit(student), unit(teacher), unit(texts)
    p, q = SCALE * t @ w.T, SCALE * s @ w.T
    total = i2t * soft(p, q) + t2i * soft(p.T, q.T)
    total = total + i2i * soft(SCALE * t @ t.T, SCALE * s @ s.T)
    return total + features * ((s - t) ** 2).mean()


def run(kind, keep=1.0, decay=0.9):
    image, text = image0.clone().requires_grad_(), text0.clone().requires_grad_()
    optimizer = torch.optim.SGD([image, text], lr=LR)
    we, n, losses = [image0.clone(), text0.clone()], 0, []
    for i in range(STEPS):
        logits = SCALE * unit(x[i] @ image.T) @ unit(text).T
        loss = torch.nn.functional.cross_entropy(logits, y[i])
        loss = loss + WEIGHT * distill(ref[i] @ image.T, ref[i] @ image0.T)
        loss = loss + PULL * (((image - image0) ** 2).sum() + ((text - text0) ** 2).sum())
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
        if (i + 1) % EVERY == 0:
            n += 1
            for k, (w, first) in enumerate([(image, image0), (text, text0)]):
                new = w.detach()
                we[k] = (n * we[k] + new) / (n + 1) if kind == "mean" else decay * we[k] + (1 - decay) * new
                we[k] = keep * we[k] + (1 - keep) * first
    flat = lambda pair: [t.detach().flatten().tolist() for t in pair]
    return {"losses": losses, "last": flat([image, text]), "params": flat(we)}


a, b = torch.randn(6, D), torch.randn(6, D)
print(json.dumps({
    "origin": f"test/golden/zscl.py with torch {torch.__version__}, float64",
    "options": {"scale": SCALE, "temperature": T, "learningRate": LR, "weight": WEIGHT, "consolidation": PULL, "every": EVERY},
    "image": image0.tolist(), "text": text0.tolist(), "x": x.tolist(), "y": y.tolist(), "reference": ref.tolist(), "texts": texts.tolist(),
    "mean": run("mean"),
    "mixed": run("mean", keep=0.95),
    "moving": run("moving"),
    "student": a.tolist(), "teacher": b.tolist(),
    "distillation": {
        "imageToText": distill(a, b, 1, 0).item(),
        "textToImage": distill(a, b, 0, 1).item(),
        "imageToImage": distill(a, b, 0, 0, 1).item(),
        "featureDistance": distill(a, b, 0, 0, 0, 1).item(),
    },
}))
