# The randomised decomposition of lora.mjs in torch on one thread, for lib/python.mjs.
import sys, time
import torch
torch.set_num_threads(1)
print('torch ' + torch.__version__, flush=True)
torch.manual_seed(0)
n, r = 2048, 32
delta = torch.rand(n, n) - .5
for line in sys.stdin:
    start = time.perf_counter()
    for _ in range(int(line.split()[1])): torch.svd_lowrank(delta, q=2 * r, niter=4)
    print(time.perf_counter() - start, flush=True)
