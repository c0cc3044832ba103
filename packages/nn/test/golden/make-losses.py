"""Writes losses.json with PyTorch in float64 (focal loss and calibration error by their formulas, F1 and AUC by scikit-learn). Run: python3 make-losses.py > losses.json"""
import json, torch
import numpy as np, sklearn, sklearn.metrics as M
import torch.nn.functional as F
torch.set_default_dtype(torch.float64)
torch.manual_seed(1)
z = (torch.randn(4, 5) * 3).mul(100).round() / 100
labels = torch.tensor([0, 3, 4, 1])
soft = torch.softmax(torch.randn(4, 5), 1).mul(1000).round() / 1000
a, b = torch.randn(3, 2).mul(100).round() / 100, torch.randn(3, 2).mul(100).round() / 100
L = lambda t: t.tolist()
def grad(f, x):
    x = x.clone().requires_grad_(); f(x).backward(); return L(x.grad)
ce = {
    "plain": lambda z: F.cross_entropy(z, labels),
    "smooth": lambda z: F.cross_entropy(z, labels, label_smoothing=0.1),
    "soft": lambda z: F.cross_entropy(z, soft),
    "softSmooth": lambda z: F.cross_entropy(z, soft, label_smoothing=0.2),
    "ignore": lambda z: F.cross_entropy(z, labels, ignore_index=3),
    "ignoreSmooth": lambda z: F.cross_entropy(z, labels, ignore_index=3, label_smoothing=0.1),
}
teacher = (torch.randn(4, 5) * 2).mul(100).round() / 100
T = 2.5
kl = lambda z: F.kl_div(torch.log_softmax(z / T, 1), torch.softmax(teacher / T, 1), reduction="batchmean")
alpha = torch.tensor([0.2, 1.0, 0.5, 2.0, 1.5])
def focal(z):
    p = torch.softmax(z, 1)[torch.arange(4), labels]
    return (-alpha[labels] * (1 - p) ** 1.5 * torch.log(p)).mean()
binary = torch.rand(3, 2).mul(100).round() / 100
others = {
    "huber": (lambda x: F.huber_loss(x, b, delta=0.7), a),
    "pinball": (lambda x: torch.stack([torch.maximum(q * (b[:, 0] - x[:, i]), (q - 1) * (b[:, 0] - x[:, i])) for i, q in enumerate([0.1, 0.75])]).mean(), a),
    "kl": (kl, z), "focal": (focal, z),
    "distillation": (lambda z: 0.3 * T * T * kl(z) + 0.7 * F.cross_entropy(z, labels), z),
    "sigmoid": (lambda x: F.binary_cross_entropy_with_logits(x, binary), a),
}
rng = np.random.default_rng(3)
scores = (rng.normal(size=(60, 4)) * 2).round(1).astype(np.float32)
truth = np.where(rng.random(60) < 0.6, scores.argmax(1), rng.integers(0, 4, 60))
prob = np.exp(scores.astype(float)); prob /= prob.sum(1, keepdims=True)
conf, said = prob.max(1), prob.argmax(1)
ece = sum(abs(((said == truth)[m].mean() - conf[m].mean())) * m.mean() for i in range(10) for m in [(conf > i / 10) & (conf <= (i + 1) / 10)] if m.any())
two = (truth >= 2).astype(int)
metrics = {
    "scores": scores.astype(float).tolist(), "labels": truth.tolist(), "twoLabels": two.tolist(),
    "f1": {k: M.f1_score(truth, said, average=k) for k in ["macro", "weighted", "micro"]},
    "aucTwo": M.roc_auc_score(two, scores[:, 1].astype(float) - scores[:, 0].astype(float)), "aucMany": M.roc_auc_score(truth, prob, multi_class="ovr"),
    "confusion": M.confusion_matrix(truth, said).tolist(), "calibration": ece,
    "topK": [float(np.mean([list(np.argsort(-r, kind="stable")).index(t) < k for r, t in zip(scores, truth)])) for k in [1, 2, 3, 4]],
    "accuracy": float((scores.argmax(1) == truth).mean()), "perplexity": float(np.exp(-np.log(prob[np.arange(60), truth]).mean())),
}
print(json.dumps({
    "origin": f"PyTorch {torch.__version__}, scikit-learn {sklearn.__version__}, float64, make-losses.py",
    "teacher": L(teacher), "alpha": L(alpha), "binary": L(binary), "metrics": metrics,
    "others": {k: {"value": f(x).item(), "grad": grad(f, x)} for k, (f, x) in others.items()},
    "logits": L(z), "labels": L(labels), "soft": L(soft), "a": L(a), "b": L(b),
    "crossEntropy": {k: {"value": f(z).item(), "grad": grad(f, z)} for k, f in ce.items()},
    "perExample": L(F.cross_entropy(z, labels, reduction="none")),
    "meanSquaredError": F.mse_loss(a, b).item(),
}))
