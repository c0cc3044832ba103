# The average of two sharded bfloat16 checkpoints, tensor by tensor in memory, as a short numpy script would do it.
import json, os, sys
import numpy as np
a, b, out = sys.argv[1:4]

def read(path):
    raw = np.memmap(path, dtype=np.uint8, mode='r')
    n = int(raw[:8].view('<u8')[0])
    header = json.loads(bytes(raw[8:8 + n]))
    header.pop('__metadata__', None)
    return header, raw[8 + n:]

def wide(raw, span):
    return (np.ascontiguousarray(raw[span[0]:span[1]]).view('<u2').astype(np.uint32) << 16).view(np.float32)

def narrow(x):
    bits = x.view(np.uint32)
    return ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16).astype(np.uint16)

os.makedirs(out, exist_ok=True)
for name in sorted(f for f in os.listdir(a) if f.endswith('.safetensors')):
    (header, x), (_, y) = read(os.path.join(a, name)), read(os.path.join(b, name))
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    with open(os.path.join(out, name), 'wb') as f:
        f.write(len(text).to_bytes(8, 'little') + text)
        for tensor in header.values():
            f.write(narrow((wide(x, tensor['data_offsets']) + wide(y, tensor['data_offsets'])) * np.float32(0.5)).tobytes())
        f.flush()
        os.fsync(f.fileno())
