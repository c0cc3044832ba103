"""Numbers for salsa.json: PPO held to a soup, for a linear policy that acts once and for one that acts at three places, with given
actions, in torch float64.

Run: python3 salsa.py > salsa.json
"""
import json
import torch

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)
N, D, V, T, STEPS, EPOCHS, LR, BETA, CLIP, A = 6, 4, 5, 3, 4, 3, 0.8, 0.3, 0.2, 0.25


def kl(p, q):
    return (torch.softmax(p, -1) * (torch.log_softmax(p, -1) - torch.log_softmax(q, -1))).sum(-1)


def run(policy, models, x, actions, rewards, kind, held):
    soup = A * models[0] + (1 - A) * models[1]
    reference = soup if held == "soup" else models[0]
    w = models[0].clone().requires_grad_()
    optimizer = torch.optim.SGD([w], lr=LR)
    rows = lambda z: z.reshape(z.shape[0], -1).sum(1)
    out = {"losses": [], "divergences": []}
    for t in range(STEPS):
        pick = lambda z: torch.log_softmax(z, -1).gather(-1, actions[t][..., None])[..., 0]
        with torch.no_grad():
            ref, own = policy(reference, x[t]), policy(w, x[t])
            old = pick(own)
            gain = rewards[t] - (BETA * rows(old - pick(ref)) if kind == "sampled" else 0)
            advantage = (gain - gain.mean()).reshape(-1, *[1] * (old.dim() - 1))
            out["divergences"].append(rows(kl(own, ref)).mean().item())
        for _ in range(EPOCHS):
            own = policy(w, x[t])
            ratio = torch.exp(pick(own) - old)
            surrogate = torch.minimum(ratio * advantage, ratio.clamp(1 - CLIP, 1 + CLIP) * advantage)
            loss = -rows(surrogate).mean()
            if kind == "exact":
                loss = loss + BETA * rows(kl(own, ref)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        out["losses"].append(loss.item())
    return {**out, "params": w.detach().flatten().tolist(), "reference": reference.flatten().tolist()}


once = lambda w, x: x @ w.T
many = lambda w, x: (x @ w.T).reshape(N, T, V)
cases = {}
for name, policy, shape, size in [("once", once, (V, D), (STEPS, N)), ("sequence", many, (T * V, D), (STEPS, N, T))]:
    models = torch.randn(2, *shape)
    x = torch.randn(STEPS, N, D)
    actions = torch.randint(0, V, size)
    rewards = torch.randn(STEPS, N)
    args = (policy, models, x, actions, rewards)
    cases[name] = {
        "models": models.tolist(), "x": x.tolist(), "actions": actions.tolist(), "rewards": rewards.tolist(),
        "exact": run(*args, "exact", "soup"), "sampled": run(*args, "sampled", "soup"), "first": run(*args, "exact", "first"),
    }
print(json.dumps({
    "origin": f"test/golden/salsa.py with torch {torch.__version__}, float64",
    "options": {"epochs": EPOCHS, "learningRate": LR, "beta": BETA, "clip": CLIP, "weights": [A, 1 - A]},
    **cases,
}))
