"""Writes schedules.json with PyTorch's schedulers. Run: python3 make-schedules.py > schedules.json"""
import json, torch
from torch.optim import lr_scheduler as S
def run(make, n, lr=0.4):
    p = [torch.nn.Parameter(torch.zeros(1))]
    opt = torch.optim.SGD(p, lr=lr, momentum=0.9)
    s = make(opt); out = []
    for _ in range(n):
        out.append(opt.param_groups[0]["lr"]); opt.step(); s.step()
    return out
print(json.dumps({
    "origin": f"PyTorch {torch.__version__} lr_scheduler, make-schedules.py",
    "cosine": run(lambda o: S.CosineAnnealingLR(o, T_max=10, eta_min=0.05), 11),
    "step": run(lambda o: S.StepLR(o, 3, gamma=0.5), 10),
    "linear": run(lambda o: S.LinearLR(o, start_factor=1.0, end_factor=0.25, total_iters=6), 9),
    "oneCycle": run(lambda o: S.OneCycleLR(o, max_lr=0.4, total_steps=20), 20),
    "cyclic": run(lambda o: S.CyclicLR(o, base_lr=0.1, max_lr=0.5, step_size_up=4, cycle_momentum=False), 17),
}))
